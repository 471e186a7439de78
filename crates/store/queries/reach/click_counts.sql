-- Of the touches ?2 (a JSON list) of programme ?1, by touch and channel: links, visits, clicks of persons,
-- and the first and last of these.
SELECT l.touch_no, l.channel, count(DISTINCT l.no), count(c.no), count(c.no) FILTER (WHERE c.doubt IS NULL),
  min(c.at) FILTER (WHERE c.doubt IS NULL), max(c.at) FILTER (WHERE c.doubt IS NULL)
FROM json_each(?2) AS t CROSS JOIN link AS l ON l.programme_no = ?1 AND l.touch_no = t.value
LEFT JOIN click AS c ON c.link_no = l.no
GROUP BY l.touch_no, l.channel ORDER BY l.touch_no, l.channel
