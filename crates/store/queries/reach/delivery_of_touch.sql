-- The attempts of touch ?1, the last first.
SELECT channel, attempt, account_no, state, provider_id, error, started_at, settled_at FROM touch_delivery
WHERE touch_no = ?1 ORDER BY channel, attempt DESC LIMIT 100
