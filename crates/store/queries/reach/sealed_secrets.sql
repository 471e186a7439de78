-- Secrets of this file as they are stored, after ?1 [0, name, …], at most ?2.
SELECT 0, name, '', value, NULL FROM reach_secret WHERE name > ?1 ->> 1 ORDER BY name LIMIT (SELECT ?2)
