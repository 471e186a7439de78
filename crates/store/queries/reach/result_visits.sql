-- Visits of links by members of programme ?1, ?2 their numbers (a JSON list), from ?3 on and before ?4:
-- member, touch, channel, when, and whether it was a click of a person.
SELECT l.member_no, l.touch_no, l.channel, c.at, c.doubt IS NULL
FROM json_each(?2) AS w CROSS JOIN link AS l ON l.programme_no = ?1 AND l.member_no = w.value CROSS JOIN click AS c ON c.link_no = l.no
WHERE c.at >= ?3 AND c.at < ?4
