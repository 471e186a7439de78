-- Members of programme ?1 who joined before ?2, after number ?3 and up to number ?4, with what is
-- told about them; at most ?5.
SELECT m.no, m.id, p.attributes, m.sequence
FROM member AS m LEFT JOIN profile AS p ON p.member_no = m.no
WHERE +m.programme_no = ?1 AND m.no > ?3 AND m.no <= ?4 AND m.joined_at < ?2
ORDER BY m.no LIMIT (SELECT ?5)
