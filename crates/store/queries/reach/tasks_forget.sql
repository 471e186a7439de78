-- Forgets tasks of before ?1 among the ?2 oldest, and returns as many rows. The last one stays, so that
-- no number is given again.
DELETE FROM task WHERE no IN (
  SELECT no FROM (SELECT no, made_at FROM task ORDER BY no LIMIT (SELECT ?2)) WHERE made_at < ?1)
  AND no < (SELECT max(no) FROM task)
RETURNING 1
