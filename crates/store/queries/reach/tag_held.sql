-- Which of the tags ?3 (a JSON list of names) members ?2 (a JSON list of numbers) of programme ?1 have
-- at ?4: member, name.
SELECT h.member_no, s.name
FROM json_each(?2) AS w CROSS JOIN set_member AS h ON h.programme_no = ?1 AND h.member_no = w.value
CROSS JOIN member_set AS s ON s.no = h.set_no AND s.family = 'tag' AND s.is_removed = 0
WHERE (h.until IS NULL OR h.until > ?4) AND s.name IN (SELECT value FROM json_each(?3))
ORDER BY h.member_no, s.name
