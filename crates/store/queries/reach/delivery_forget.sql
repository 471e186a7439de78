-- Forgets up to 5,000 attempts that began before ?1.
DELETE FROM touch_delivery WHERE no IN (SELECT no FROM touch_delivery WHERE started_at < ?1 ORDER BY started_at LIMIT 5000) RETURNING 1
