-- Visits of links in messages of touches of programme ?1, ?2 their numbers (a JSON list), before ?3: touch,
-- channel, visits, and how many of them were clicks of persons.
SELECT l.touch_no, l.channel, count(*), count(*) FILTER (WHERE c.doubt IS NULL)
FROM json_each(?2) AS w CROSS JOIN link AS l ON l.programme_no = ?1 AND l.touch_no = w.value CROSS JOIN click AS c ON c.link_no = l.no
WHERE c.at < ?3
GROUP BY l.touch_no, l.channel
