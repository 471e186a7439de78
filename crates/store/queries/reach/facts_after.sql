-- Facts of members of programme ?1 with numbers after ?2, in order, at most ?3; of each ?4 numbers
-- one.
SELECT member_no, known, next_expiry_at, tier_until, last_order_at, last_login_at, last_seen_at
FROM facts WHERE programme_no = ?1 AND member_no > ?2 AND member_no % ?4 = 0 ORDER BY member_no LIMIT (SELECT ?3)
