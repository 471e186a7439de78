-- Lots of member ?2 of programme ?1, open or not, by their numbers ?3 (a JSON list).
SELECT number, source, granted, earned_at, available_at, expires_at
FROM member AS m
CROSS JOIN json_each(?3) AS wanted
CROSS JOIN lot ON lot.member_no = m.no AND lot.number = wanted.value
WHERE m.programme_no = ?1 AND m.id = ?2
