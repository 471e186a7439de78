-- Which of the members ?1, a JSON list of numbers, became part of another one by an entry up to number
-- ?2.
SELECT m.no
FROM json_each(?1) AS w
CROSS JOIN member AS m ON m.no = w.value
WHERE coalesce(m.state ->> '$.closed', '') <> ''
  AND NOT EXISTS (
    SELECT 1 FROM member AS t
    CROSS JOIN entry AS e ON e.member_no = t.no AND e.no > ?2 AND e.kind = 'merge' AND e.counterparty = m.id
    WHERE t.programme_no = m.programme_no AND t.id = m.state ->> '$.closed')
