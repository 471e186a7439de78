-- Forgets changes of programme ?1 of before ?2 among its ?3 oldest, and returns as many rows.
DELETE FROM set_change WHERE no IN (
  SELECT no FROM (SELECT no, at FROM set_change WHERE programme_no = ?1 ORDER BY no LIMIT (SELECT ?3)) WHERE at < ?2)
RETURNING 1
