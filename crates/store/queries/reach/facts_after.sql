-- Facts of members of programme ?1 with numbers after ?2, in order, at most ?3; of each ?4 numbers
-- one.
SELECT f.member_no, f.known, f.next_expiry_at, f.tier_until, f.last_order_at, v.last_login_at, v.last_seen_at
FROM facts AS f
LEFT JOIN last_visit AS v ON v.programme_no = f.programme_no AND v.member_no = f.member_no
WHERE f.programme_no = ?1 AND f.member_no > ?2 AND f.member_no % ?4 = 0 ORDER BY f.member_no LIMIT (SELECT ?3)
