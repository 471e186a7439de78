-- Forgets up to 5,000 reports that counted once, from before ?1.
DELETE FROM known_report WHERE (account_no, id) IN (SELECT account_no, id FROM known_report WHERE at < ?1 ORDER BY at LIMIT 5000) RETURNING 1
