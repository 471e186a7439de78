-- Drafts of programme ?1 after the name ?2, at most ?3.
SELECT name, updated_at, updated_by FROM draft WHERE programme_no = ?1 AND name > ?2 ORDER BY name LIMIT (SELECT ?3)
