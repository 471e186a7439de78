-- Facts of ?1 [[programme_no, member_no], …]: the member's number, 1 where the account departed, and
-- the columns of the row, null where there is none.
SELECT w.value ->> 1, d.member_no IS NOT NULL, f.known, f.next_expiry_at, f.tier_until, f.last_order_at, v.last_login_at, v.last_seen_at
FROM json_each(?1) AS w
LEFT JOIN departed AS d ON d.member_no = w.value ->> 1
LEFT JOIN facts AS f ON f.programme_no = w.value ->> 0 AND f.member_no = w.value ->> 1
LEFT JOIN last_visit AS v ON v.programme_no = w.value ->> 0 AND v.member_no = w.value ->> 1
