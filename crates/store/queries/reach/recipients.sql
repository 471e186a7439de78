-- Where members of programme ?1 get messages of channel ?2, and how they want them: ?3 their numbers, a
-- JSON list. Address (sealed) and its digest, language, 0 where offers are not based on what is known.
SELECT w.value, c.address, c.digest, p.language, coalesce(p.personalised, 1)
FROM json_each(?3) AS w
LEFT JOIN contact AS c ON c.programme_no = ?1 AND c.member_no = w.value AND c.channel = ?2
LEFT JOIN preference AS p ON p.programme_no = ?1 AND p.member_no = w.value
