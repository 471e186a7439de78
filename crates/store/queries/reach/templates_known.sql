-- Templates of programme ?1, at most ?2: id, purpose, and a JSON list of the channels that it has a text for.
SELECT id, document ->> '$.purpose', (SELECT json_group_array(key) FROM json_each(document, '$.texts')) FROM template
WHERE programme_no = ?1 AND is_removed = 0 ORDER BY id LIMIT (SELECT ?2)
