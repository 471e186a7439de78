-- Secrets of QR keys as they are stored, after ?1 [programme_no, kid, …], at most ?2.
SELECT programme_no, kid, '', secret, NULL FROM qr_key
WHERE (programme_no, kid) > (?1 ->> 0, ?1 ->> 1) ORDER BY programme_no, kid LIMIT (SELECT ?2)
