-- Facts of members of programme ?1 with the numbers ?2, a JSON list: columns as in facts_after.
SELECT f.member_no, f.known, f.next_expiry_at, f.tier_until, f.last_order_at, v.last_login_at, v.last_seen_at
FROM json_each(?2) AS w CROSS JOIN facts AS f ON f.programme_no = ?1 AND f.member_no = w.value
LEFT JOIN last_visit AS v ON v.programme_no = f.programme_no AND v.member_no = f.member_no
