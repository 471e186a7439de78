-- Forgets touches of before ?1 among the ?2 oldest, and returns as many rows.
DELETE FROM touch WHERE no IN (
  SELECT no FROM (SELECT no, decided_at, state FROM touch ORDER BY no LIMIT (SELECT ?2)) WHERE decided_at < ?1 AND state <> 'due')
RETURNING 1
