-- What the run with the lease ?2 of account ?1 has on its way.
SELECT no, touch_no, attempt FROM touch_delivery WHERE account_no = ?1 AND state = 'sending' AND lease = ?2 ORDER BY no LIMIT 1000
