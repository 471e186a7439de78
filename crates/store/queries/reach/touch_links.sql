-- Links of touch ?2 of programme ?1, at most ?3: number, channel, target, whether it is a trap, when it
-- was made, visits, clicks of persons, and the first and last of these.
SELECT l.no, l.channel, l.target, l.is_trap, l.made_at, count(c.no), count(c.no) FILTER (WHERE c.doubt IS NULL),
  min(c.at) FILTER (WHERE c.doubt IS NULL), max(c.at) FILTER (WHERE c.doubt IS NULL)
FROM (SELECT no, channel, target, is_trap, made_at FROM link WHERE programme_no = ?1 AND touch_no = ?2 ORDER BY no LIMIT (SELECT ?3)) AS l
LEFT JOIN click AS c ON c.link_no = l.no GROUP BY l.no ORDER BY l.no
