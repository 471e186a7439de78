-- Draft ?3 of document ?2 of programme ?1.
SELECT name, updated_at, updated_by, base_version, revision, document, stored FROM draft WHERE programme_no = ?1 AND kind = ?2 AND name = ?3
