-- Secrets of endpoints as they are stored, after ?1 [programme_no, id, …], at most ?2.
SELECT programme_no, id, '', secret, secret_before FROM endpoint
WHERE (programme_no, id) > (?1 ->> 0, ?1 ->> 1) ORDER BY programme_no, id LIMIT (SELECT ?2)
