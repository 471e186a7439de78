-- Stores of programme ?1 after id ?2, at most ?3, by id: those in region ?4 (a path that ends with a
-- slash; empty for all) and, where ?5 is a JSON list of ids, those in the list.
SELECT id, name, region, department, manager, opened_on, closed_on, updated_at, updated_by
FROM store
WHERE programme_no = ?1 AND id > ?2 AND substr(region, 1, length(?4)) = ?4
  AND (?5 IS NULL OR id IN (SELECT value FROM json_each(?5)))
ORDER BY id LIMIT (SELECT ?3)
