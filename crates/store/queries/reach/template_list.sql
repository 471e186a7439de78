-- Templates of programme ?1 with ids after ?2, in order, at most ?3: columns as in template_get.
SELECT id, document, version, updated_at, updated_by FROM template WHERE programme_no = ?1 AND id > ?2 AND is_removed = 0
ORDER BY id LIMIT (SELECT ?3)
