-- Which of the members ?2 (a JSON list of numbers) of programme ?1 became part of an account that was
-- erased, at once or by way of others.
WITH RECURSIVE heir (was, no) AS (
  SELECT value, value FROM json_each(?2)
  UNION
  SELECT heir.was, next.no FROM heir
  CROSS JOIN member AS m ON m.no = heir.no
  CROSS JOIN member AS next ON next.programme_no = ?1 AND next.id = m.state ->> '$.closed'
)
SELECT DISTINCT heir.was FROM heir CROSS JOIN member AS m ON m.no = heir.no WHERE m.state ->> '$.closed' = ''
