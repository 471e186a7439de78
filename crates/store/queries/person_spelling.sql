-- How programme ?1 spells its person ?2 (folded): of staff, else of API keys.
SELECT id FROM person WHERE programme_no = ?1 AND folded = ?2
UNION ALL
SELECT person FROM api_key WHERE programme_no = ?1 AND person_folded = ?2
LIMIT 1
