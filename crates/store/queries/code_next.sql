-- The sealed secret of one-time codes that is being set up in session ?1, unless it has lapsed at ?2.
SELECT c.next_totp FROM api_key AS k
JOIN credential AS c ON c.programme_no = k.programme_no AND c.folded = k.person_folded AND c.next_totp_by = k.prefix
WHERE k.prefix = +?1 AND c.next_totp IS NOT NULL AND c.next_totp_until > ?2
