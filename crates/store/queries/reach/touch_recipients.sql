-- How members of programme ?1 can be reached: ?2 their numbers, a JSON list. Of each: addresses (channel,
-- state), what they said last (purpose, channel, decision), their quiet hours (from, until).
SELECT c.member_no, 'contact', c.channel, c.state, NULL
FROM json_each(?2) AS w CROSS JOIN contact AS c ON c.programme_no = ?1 AND c.member_no = w.value
UNION ALL
SELECT s.member_no, 'consent', s.purpose, s.channel, s.decision
FROM json_each(?2) AS w CROSS JOIN consent_standing AS s ON s.programme_no = ?1 AND s.member_no = w.value
UNION ALL
SELECT p.member_no, 'quiet', CAST(p.quiet_from AS TEXT), CAST(p.quiet_until AS TEXT), NULL
FROM json_each(?2) AS w CROSS JOIN preference AS p ON p.programme_no = ?1 AND p.member_no = w.value
WHERE p.quiet_from IS NOT NULL
