-- Counters of programme ?1 that are not what its entries add up to, at most 20. Reads every entry that adds to one.
WITH told AS (
  SELECT value ->> 0 AS subject, value ->> 1 AS name, value ->> 2 AS period, sum(value ->> 4) AS amount
  FROM entry, json_each(entry.body, '$.tallies')
  WHERE programme_no = ?1 AND instr(body, '"tallies"') > 0
  GROUP BY 1, 2, 3
)
SELECT t.subject, t.name, t.period, t.amount, coalesce(told.amount, 0)
FROM tally AS t
LEFT JOIN told ON told.subject = t.subject AND told.name = t.name AND told.period = t.period
WHERE t.programme_no = ?1 AND t.amount <> coalesce(told.amount, 0)
LIMIT 20
