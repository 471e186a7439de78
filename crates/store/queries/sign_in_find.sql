-- Whoever signs in: ?1 programme id, ?2 person as it is compared, ?3 address. All is null where there
-- is no such programme, or no such person.
SELECT p.no, p.name, r.id, r.name, r.language, r.suspended, r.roles, c.password, c.totp, c.totp_step, c.recovery,
  max(coalesce((SELECT locked_until FROM failed_sign_in WHERE programme_no = p.no AND subject = ?2), 0),
    coalesce((SELECT locked_until FROM failed_sign_in WHERE programme_no = 0 AND subject = ?3), 0))
FROM (SELECT 1)
LEFT JOIN programme AS p ON p.id = ?1
LEFT JOIN person AS r ON r.programme_no = p.no AND r.folded = ?2
LEFT JOIN credential AS c ON c.programme_no = r.programme_no AND c.folded = r.folded
