-- What runs without the lease ?2 of account ?1 left on its way may go again from ?3 on, under the same
-- id, where ?4 says so and it began after ?5, and with ?6 where something was reserved for it. All else
-- is unknown. At most 1,000 at a time.
UPDATE touch_delivery SET settled_at = ?3, error = 'the run that sent it was lost',
  state = CASE WHEN ?4 AND started_at > ?5 AND (reserved IS NOT NULL OR NOT ?6) THEN 'again' ELSE 'unknown' END
WHERE no IN (
  SELECT no FROM touch_delivery WHERE account_no = ?1 AND state = 'sending' AND lease IS NOT ?2
  AND programme_no = (SELECT programme_no FROM channel_account WHERE no = ?1) ORDER BY no LIMIT 1000)
RETURNING touch_no, state
