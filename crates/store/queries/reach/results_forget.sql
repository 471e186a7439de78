-- Forgets figures of programme ?1 of before day ?2, at most ?3.
DELETE FROM touch_result WHERE (programme_no, strategy, day, node, channel, figure) IN (
  SELECT programme_no, strategy, day, node, channel, figure FROM touch_result WHERE programme_no = ?1 AND day < ?2 LIMIT (SELECT ?3))
RETURNING 1
