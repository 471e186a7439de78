-- Messages that members of programme ?1 got, ?2 their numbers (a JSON list), that began from ?3 on and
-- before ?4: member, touch, since when a vendor has them. Of each member ?5 of the last attempts are
-- looked at.
SELECT d.member_no, d.touch_no, coalesce(d.settled_at, d.started_at)
FROM json_each(?2) AS w CROSS JOIN touch_delivery AS d ON d.member_no = w.value AND d.no > coalesce((
  SELECT l.no FROM touch_delivery AS l WHERE l.member_no = w.value AND l.started_at < ?4
  ORDER BY l.no DESC LIMIT 1 OFFSET (SELECT ?5)), 0)
WHERE d.programme_no = ?1 AND d.started_at >= ?3 AND d.started_at < ?4 AND d.state IN ('accepted', 'delivered')
ORDER BY d.no
