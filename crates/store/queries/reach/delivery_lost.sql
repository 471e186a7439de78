-- What runs without the lease ?2 of account ?1 left on its way is in the state ?3 from ?4 on, or, begun
-- at ?5 or earlier, unknown. At most 1,000 at a time.
UPDATE touch_delivery SET state = CASE WHEN started_at <= ?5 THEN 'unknown' ELSE ?3 END, settled_at = ?4,
  error = 'the run that sent it was lost'
WHERE no IN (
  SELECT no FROM touch_delivery WHERE account_no = ?1 AND state = 'sending' AND lease IS NOT ?2 ORDER BY no LIMIT 1000)
RETURNING touch_no, state
