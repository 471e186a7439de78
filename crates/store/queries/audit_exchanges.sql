-- Programmes whose books say something else about some exchange with programme ?1 than its own
-- books do. What belongs together is known by the entry that gave points up, and both sides must
-- say the same of it.
WITH told AS (
  SELECT json_extract(e.body, '$.exchange[0]') AS about, e.points < 0 AS gives, m.id AS member,
    CASE WHEN e.points < 0 THEN e.id ELSE e.cause END AS given_by,
    abs(e.points) AS here, json_extract(e.body, '$.exchange[1]') AS there, json_extract(e.body, '$.exchange[2]') AS rate, 1 AS side
  FROM entry AS e JOIN member AS m ON m.no = e.member_no
  WHERE e.programme_no = ?1 AND e.kind = 'exchange'
  UNION ALL
  SELECT q.id, e.points > 0, m.id,
    CASE WHEN e.points < 0 THEN e.id ELSE e.cause END,
    json_extract(e.body, '$.exchange[1]'), abs(e.points), json_extract(e.body, '$.exchange[2]'), -1
  FROM programme AS p
  CROSS JOIN programme AS q
  CROSS JOIN entry AS e ON e.programme_no = q.no AND e.kind = 'exchange' AND json_extract(e.body, '$.exchange[0]') = p.id
  JOIN member AS m ON m.no = e.member_no
  WHERE p.no = ?1
)
SELECT DISTINCT about FROM (
  SELECT about FROM told GROUP BY about, gives, member, given_by, here, there, rate HAVING sum(side) <> 0
)
ORDER BY about
