-- Which of the reports ?2, a JSON list of ids, of account ?1 counted before.
SELECT id FROM known_report WHERE account_no = ?1 AND id IN (SELECT value FROM json_each(?2))
