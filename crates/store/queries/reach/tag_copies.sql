-- Which of the tags that are copied members ?2 (a JSON list of numbers) of programme ?1 have at ?3: member,
-- name. Which are, this database says itself: it noted the members by that, too.
SELECT h.member_no, s.name
FROM json_each(?2) AS w CROSS JOIN set_member AS h ON h.programme_no = ?1 AND h.member_no = w.value
CROSS JOIN member_set AS s ON s.no = h.set_no AND s.copied = 1 AND s.family = 'tag' AND s.is_removed = 0
WHERE h.until IS NULL OR h.until > ?3
ORDER BY h.member_no, s.name
