-- Programme ?1 has followed version ?3 of document ?4 of programme ?2 (ids), if it still follows that.
UPDATE inheritance SET parent_version = ?3, failed_own = NULL, failed_parent = NULL, problems = NULL
WHERE programme_no = (SELECT no FROM programme WHERE id = ?1) AND parent_no = (SELECT no FROM programme WHERE id = ?2) AND kind = ?4
