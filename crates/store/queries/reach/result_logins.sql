-- Logins of members of programme ?1, ?2 their numbers (a JSON list), from ?3 on and before ?4, in order.
SELECT b.member_no, b.occurred_at
FROM json_each(?2) AS w CROSS JOIN behaviour AS b ON b.member_no = w.value AND b.occurred_at >= ?3 AND b.occurred_at < ?4
WHERE b.programme_no = ?1 AND b.kind = 'login'
ORDER BY b.member_no, b.occurred_at, b.key
