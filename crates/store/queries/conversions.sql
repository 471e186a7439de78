-- Orders and redemptions of members, and what came back of them, recorded from ?2 on and before ?3: ?1 the
-- numbers of the members, a JSON list; of each the last ?4 entries at most. Member, number, id, kind, when
-- it happened, points, what it undoes; of an order its units and what it came to; of a reversal the units
-- and money that came back, and the points.
SELECT e.member_no, e.no, e.id, e.kind, e.occurred_at, e.points, e.corrects,
  (SELECT coalesce(sum(l.value ->> 1), 0) FROM json_each(e.body, CASE e.kind WHEN 'reverse' THEN '$.reversal[0]' ELSE '$.lines' END) AS l),
  (SELECT coalesce(sum(l.value ->> 2), 0) FROM json_each(e.body, CASE e.kind WHEN 'reverse' THEN '$.reversal[0]' ELSE '$.lines' END) AS l),
  e.body ->> '$.reversal[1]'
FROM json_each(?1) AS w
CROSS JOIN entry AS e ON e.member_no = w.value AND e.sequence > max(
  (SELECT max(b.sequence) FROM entry AS b WHERE b.member_no = w.value) - ?4,
  -- No further back than that.
  coalesce((SELECT b.sequence FROM entry AS b WHERE b.member_no = w.value AND b.recorded_at < ?2
    AND b.sequence > (SELECT max(m.sequence) FROM entry AS m WHERE m.member_no = w.value) - ?4 ORDER BY b.sequence DESC LIMIT 1), 0))
WHERE e.recorded_at >= ?2 AND e.recorded_at < ?3
  AND (e.kind IN ('redeem', 'capture', 'reverse') OR (e.kind = 'earn' AND e.body ->> '$.event' = 'purchase'))
ORDER BY e.no
