-- Which of the members ?1, a JSON list of numbers, bought in one of the stores ?2 since ?3.
SELECT DISTINCT e.member_no
FROM json_each(?1) AS w
CROSS JOIN entry AS e ON e.member_no = w.value
WHERE e.kind = 'earn' AND e.occurred_at >= ?3 AND e.store IN (SELECT value FROM json_each(?2))
