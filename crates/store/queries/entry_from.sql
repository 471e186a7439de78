-- The number of the first entry that was recorded at ?1 or later, one more than the last when there
-- is none. Entries are numbered as they are committed, so it is found by halving, without an index
-- that every entry would pay for.
WITH RECURSIVE half (low, high) AS (
  SELECT 0, coalesce((SELECT max(no) FROM entry), 0) + 1
  UNION ALL
  SELECT
    CASE WHEN (SELECT recorded_at FROM entry WHERE no >= (low + high) / 2 ORDER BY no LIMIT 1) < ?1 THEN (low + high) / 2 + 1 ELSE low END,
    CASE WHEN (SELECT recorded_at FROM entry WHERE no >= (low + high) / 2 ORDER BY no LIMIT 1) < ?1 THEN high ELSE (low + high) / 2 END
  FROM half WHERE low < high
)
SELECT low FROM half WHERE low >= high
