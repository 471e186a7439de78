-- Secrets of one-time codes of invitations as they are stored, after ?1 [programme_no, folded, …], at most ?2.
SELECT programme_no, folded, '', totp, NULL FROM invitation
WHERE (programme_no, folded) > (?1 ->> 0, ?1 ->> 1) ORDER BY programme_no, folded LIMIT (SELECT ?2)
