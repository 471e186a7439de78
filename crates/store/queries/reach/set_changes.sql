-- The members who came into sets of family ?2 of programme ?1 and left them, after change ?3, at most ?4:
-- number, set, member, when, 1 for in, source, version.
SELECT c.no, s.name, c.member_no, c.at, c.is_in, c.source, c.version
FROM set_change AS c CROSS JOIN member_set AS s ON s.no = c.set_no AND s.family = ?2
WHERE c.programme_no = ?1 AND c.no > ?3
ORDER BY c.no LIMIT (SELECT ?4)
