-- Logins of members of programme ?1, ?2 their numbers (a JSON list), from ?3 on and before ?4, in order: of
-- each the last ?5 instants, and ?6 logins in all.
SELECT b.member_no, b.occurred_at
FROM json_each(?2) AS w CROSS JOIN behaviour AS b ON b.member_no = w.value AND b.kind = 'login' AND b.occurred_at < ?4
  AND b.occurred_at >= max(?3, coalesce((
    SELECT l.occurred_at FROM behaviour AS l WHERE l.member_no = w.value AND l.kind = 'login' AND l.occurred_at < ?4
    ORDER BY l.occurred_at DESC LIMIT 1 OFFSET (SELECT ?5 - 1)), 0))
WHERE b.programme_no = ?1
ORDER BY b.member_no, b.occurred_at, b.key LIMIT (SELECT ?6)
