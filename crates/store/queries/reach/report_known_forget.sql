-- Forgets up to ?2 reports that counted once, from before ?1.
DELETE FROM known_report WHERE (account_no, id) IN (SELECT account_no, id FROM known_report WHERE at < ?1 ORDER BY at LIMIT (SELECT ?2)) RETURNING 1
