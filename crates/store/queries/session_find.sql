-- Session ?1 and whose it is.
SELECT coalesce(k.own_role, k.role), k.stores, k.session_until, r.folded, r.id, r.name, r.language, r.roles, c.totp IS NOT NULL, p.name, k.role, k.session_code, k.programme_no
FROM api_key AS k
JOIN programme AS p ON p.no = k.programme_no
JOIN person AS r ON r.programme_no = k.programme_no AND r.folded = k.person_folded
JOIN credential AS c ON c.programme_no = r.programme_no AND c.folded = r.folded
WHERE k.prefix = +?1 AND k.session_until IS NOT NULL
