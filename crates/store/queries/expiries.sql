-- Points that ended for members at these instants, ?1 and ?2 JSON lists: member, instant, points. Of each
-- member the last ?3 expiries are looked at.
SELECT e.member_no, e.occurred_at, -e.points
FROM json_each(?1) AS w CROSS JOIN entry AS e ON e.member_no = w.value AND e.kind = 'expire' AND e.sequence > coalesce((
  SELECT l.sequence FROM entry AS l WHERE l.member_no = w.value AND l.kind = 'expire'
  ORDER BY l.sequence DESC LIMIT 1 OFFSET (SELECT ?3)), 0)
WHERE e.occurred_at IN (SELECT value FROM json_each(?2))
