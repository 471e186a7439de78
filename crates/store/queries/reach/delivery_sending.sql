-- Of touches ?3 (a JSON list of numbers) what the run with the lease ?2 of account ?1 has on its way.
SELECT no, touch_no, attempt FROM touch_delivery
WHERE touch_no IN (SELECT value FROM json_each(?3)) AND account_no = ?1 AND state = 'sending' AND lease = ?2 ORDER BY no
