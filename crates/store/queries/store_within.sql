-- The ids of the stores of programme ?1 that lie in one of the regions ?2 (a JSON list), at most ?3.
SELECT s.id FROM store AS s
WHERE s.programme_no = ?1 AND s.id > ''
  AND EXISTS (SELECT 1 FROM json_each(?2) AS r WHERE substr(s.region, 1, length(r.value) + 1) = r.value || '/')
ORDER BY s.id LIMIT (SELECT ?3)
