-- The invitation whose token has hash ?1 (hexadecimal), when it counts at ?2.
SELECT i.programme_no, p.id, p.name, r.folded, r.id, r.name, r.language, r.roles, i.totp
FROM invitation AS i
JOIN programme AS p ON p.no = i.programme_no
JOIN person AS r ON r.programme_no = i.programme_no AND r.folded = i.folded
WHERE i.hash = unhex(?1) AND i.waits = 0 AND i.expires_at > ?2 AND r.suspended = 0
