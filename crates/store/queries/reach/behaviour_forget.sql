-- Deletes events of programme ?1 of before day ?2, at most ?3, and returns as many rows.
DELETE FROM behaviour WHERE (programme_no, day, key) IN (
  SELECT programme_no, day, key FROM behaviour WHERE programme_no = ?1 AND day < ?2 ORDER BY day, key LIMIT (SELECT ?3))
RETURNING 1
