-- The person who signs in: ?1 programme id, ?2 person as it is compared, ?3 address, ?4 hash of
-- what the browser holds (hexadecimal) or null, ?5 now. All is null where there is no such
-- programme, or no such person; then until when the attempt must wait, and whether the browser is
-- known for the person: 1 where it is for somebody else alone, 0 for nobody. A browser is known for
-- 180 days after its last use, and waits for no stranger. What is later than a minute from now, the
-- clock was set back since.
SELECT p.no, p.name, r.id, r.name, r.language, r.suspended, r.roles, c.password, c.totp, c.totp_step, c.recovery,
  CASE d.known WHEN 2 THEN
    coalesce((SELECT max(locked_until) FROM failed_sign_in WHERE programme_no = p.no AND last_at <= ?5 + 60000
      AND subject IN (' device ' || lower(?4), ' uses ' || lower(?4), ' known ' || ?2, ' known')), 0)
  ELSE max(
    coalesce((SELECT locked_until FROM failed_sign_in WHERE programme_no = p.no AND subject = ?2 AND last_at <= ?5 + 60000), 0),
    coalesce((SELECT locked_until FROM failed_sign_in WHERE programme_no = 0 AND subject = ?3 AND last_at <= ?5 + 60000), 0),
    coalesce((SELECT locked_until FROM failed_sign_in
      WHERE programme_no = coalesce(p.no, -1) AND subject = ' strangers' AND last_at <= ?5 + 60000), 0)) END,
  d.known
FROM (SELECT 1)
LEFT JOIN programme AS p ON p.id = ?1
LEFT JOIN person AS r ON r.programme_no = p.no AND r.folded = ?2
LEFT JOIN credential AS c ON c.programme_no = r.programme_no AND c.folded = r.folded
CROSS JOIN (SELECT CASE
  WHEN EXISTS (SELECT 1 FROM known_device WHERE hash = unhex(?4) AND programme_no = (SELECT no FROM programme WHERE id = ?1) AND folded = ?2
    AND last_at > ?5 - 15552000000) THEN 2
  WHEN EXISTS (SELECT 1 FROM known_device WHERE hash = unhex(?4) AND last_at > ?5 - 15552000000) THEN 1 ELSE 0 END AS known) AS d
