-- Counters of programme ?1 that are not what its entries add up to, at most 20. Reads every entry
-- that adds to one. Periods that were dropped once are left out: an event reported later than was
-- accepted before may have opened one of them anew. Each sum is that of the upper halves and that
-- of the lower 32 bits, as no sum of whole numbers may leave 64 bits here.
WITH told AS (
  SELECT value ->> 0 AS subject, value ->> 1 AS name, value ->> 2 AS period, sum((value ->> 4) >> 32) AS upper, sum((value ->> 4) & 4294967295) AS lower
  FROM entry, json_each(entry.body, '$.tallies')
  WHERE programme_no = ?1 AND body LIKE '%"tallies"%'
  GROUP BY 1, 2, 3
), kept AS (
  SELECT value ->> 0 AS subject, value ->> 1 AS name, max(value ->> 3) AS since
  FROM entry, json_each(entry.body, '$.tallies')
  WHERE programme_no = ?1 AND body LIKE '%"tallies"%'
  GROUP BY 1, 2
)
SELECT told.subject, told.name, told.period, coalesce(t.amount, 0), told.upper, told.lower
FROM told JOIN kept USING (subject, name)
LEFT JOIN tally AS t ON t.programme_no = ?1 AND t.subject = told.subject AND t.name = told.name AND t.period = told.period
WHERE told.period >= kept.since AND (
  told.upper + (told.lower >> 32) <> coalesce(t.amount, 0) >> 32 OR told.lower & 4294967295 <> coalesce(t.amount, 0) & 4294967295)
UNION ALL
SELECT t.subject, t.name, t.period, t.amount, 0, 0
FROM tally AS t LEFT JOIN told ON told.subject = t.subject AND told.name = t.name AND told.period = t.period
WHERE t.programme_no = ?1 AND told.subject IS NULL AND t.amount <> 0
LIMIT 20
