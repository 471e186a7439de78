-- What the template ?2 of programme ?1 was, newest first, from version ?3 down, at most ?4: columns as
-- in template_get.
SELECT id, document, version, at, by FROM template_version WHERE programme_no = ?1 AND id = ?2 AND version <= ?3
ORDER BY version DESC LIMIT (SELECT ?4)
