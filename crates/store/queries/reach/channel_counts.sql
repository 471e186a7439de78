-- What became of the last 10,000 attempts of account ?1 since ?2.
SELECT state, count(*) FROM (
  SELECT state FROM touch_delivery WHERE account_no = ?1 AND started_at >= ?2
  AND programme_no = (SELECT programme_no FROM channel_account WHERE no = ?1) ORDER BY started_at DESC LIMIT 10000)
GROUP BY state ORDER BY state
