-- The last 100 attempts of touch ?1 by the channel ?2, the last first.
SELECT channel, attempt, account_no, state, provider_id, error, started_at, settled_at FROM touch_delivery
WHERE touch_no = ?1 AND channel = ?2 ORDER BY attempt DESC LIMIT 100
