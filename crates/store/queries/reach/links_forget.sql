-- Forgets links that were made before ?1 among the ?2 oldest, with their clicks, and returns as many
-- rows. The last number stays, so that none is given twice.
DELETE FROM link WHERE no IN (SELECT no FROM (SELECT no, made_at FROM link ORDER BY no LIMIT (SELECT ?2)) WHERE made_at < ?1)
  AND no < (SELECT max(no) FROM link)
RETURNING 1
