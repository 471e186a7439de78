-- What the counters of programme ?1 of the subjects in ?2 (a JSON list) stand at.
SELECT t.subject, t.name, t.period, t.amount
FROM json_each(?2) AS s CROSS JOIN tally AS t ON t.programme_no = ?1 AND t.subject = s.value
