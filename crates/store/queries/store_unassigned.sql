-- Stores of programme ?1 after id ?2, at most ?3, that entries name and nobody registered, each with the
-- first of these entries and when it was recorded.
SELECT n.id, e.id, e.recorded_at
FROM named_store AS n CROSS JOIN entry AS e ON e.no = n.entry_no
WHERE n.programme_no = ?1 AND n.id > ?2
  AND NOT EXISTS (SELECT 1 FROM store AS s WHERE s.programme_no = n.programme_no AND s.id = n.id)
ORDER BY n.id LIMIT (SELECT ?3)
