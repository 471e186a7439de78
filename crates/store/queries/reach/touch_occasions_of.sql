-- What happened to members of programme ?1 and may be answered at ?3, and whether nobody asked for it
-- yet: ?2 their numbers, a JSON list.
SELECT o.member_no, o.at, o.what, o.is_new
FROM json_each(?2) AS w CROSS JOIN touch_occasion AS o ON o.programme_no = ?1 AND o.member_no = w.value
WHERE o.until > ?3
