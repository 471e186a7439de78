-- Clicks of persons by members of programme ?1, ?2 their numbers (a JSON list), from ?3 on and before ?4:
-- member, touch, when. Of each member the last ?5 links are looked at, and the last ?5 clicks returned.
SELECT member_no, touch_no, at FROM (
  SELECT l.member_no, l.touch_no, c.at, row_number() OVER (PARTITION BY l.member_no ORDER BY c.at DESC, l.touch_no DESC) AS place
  FROM json_each(?2) AS w CROSS JOIN link AS l ON l.programme_no = ?1 AND l.member_no = w.value AND l.no > coalesce((
    SELECT o.no FROM link AS o WHERE o.programme_no = ?1 AND o.member_no = w.value
    ORDER BY o.no DESC LIMIT 1 OFFSET (SELECT ?5)), 0)
  CROSS JOIN click AS c ON c.link_no = l.no
  WHERE c.at >= ?3 AND c.at < ?4 AND c.doubt IS NULL)
WHERE place <= ?5
