-- Remembers at ?3 that the reports ?2, a JSON list of ids, of account ?1 counted; of an account that was
-- removed, none.
INSERT INTO known_report (account_no, id, at)
SELECT a.no, r.value, ?3 FROM channel_account AS a CROSS JOIN json_each(?2) AS r WHERE a.no = ?1
ON CONFLICT DO NOTHING
