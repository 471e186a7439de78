-- Drafts of document ?2 of programme ?1 after the name ?3, at most ?4.
SELECT name, updated_at, updated_by, base_version, revision FROM draft WHERE programme_no = ?1 AND kind = ?2 AND name > ?3 ORDER BY name LIMIT (SELECT ?4)
