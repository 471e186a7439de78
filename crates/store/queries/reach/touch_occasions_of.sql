-- What happened to members of programme ?1 and may be answered at ?3, and whether it is to be asked for
-- by then: ?2 their numbers, a JSON list.
SELECT o.member_no, o.at, o.what, o.ask_at IS NOT NULL AND o.ask_at <= ?3
FROM json_each(?2) AS w CROSS JOIN touch_occasion AS o ON o.programme_no = ?1 AND o.member_no = w.value
WHERE o.until > ?3
