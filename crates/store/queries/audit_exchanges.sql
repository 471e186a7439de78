-- Programmes whose books say something else about their exchanges with programme ?1 than its own books do.
WITH told AS (
  SELECT json_extract(e.body, '$.exchange[0]') AS about, e.points < 0 AS gives, abs(e.points) AS here,
    json_extract(e.body, '$.exchange[1]') AS there
  FROM programme AS p JOIN entry AS e ON e.programme_no = p.no AND e.kind = 'exchange'
  WHERE p.no = ?1
  UNION ALL
  SELECT q.id, e.points > 0, -json_extract(e.body, '$.exchange[1]'), -abs(e.points)
  FROM programme AS p
  CROSS JOIN programme AS q
  CROSS JOIN entry AS e ON e.programme_no = q.no AND e.kind = 'exchange' AND json_extract(e.body, '$.exchange[0]') = p.id
  WHERE p.no = ?1
)
SELECT about FROM told GROUP BY about HAVING
  sum(here) FILTER (WHERE gives) <> 0 OR sum(there) FILTER (WHERE gives) <> 0
  OR sum(here) FILTER (WHERE NOT gives) <> 0 OR sum(there) FILTER (WHERE NOT gives) <> 0
