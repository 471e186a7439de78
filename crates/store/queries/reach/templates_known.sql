-- Templates of programme ?1, at most ?2: id, purpose, and of each channel that it has a text for what
-- that shows in any case, a JSON object.
SELECT id, document ->> '$.purpose', needs FROM template
WHERE programme_no = ?1 AND is_removed = 0 ORDER BY id LIMIT (SELECT ?2)
