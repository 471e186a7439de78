-- Forgets up to ?2 attempts that began before ?1.
DELETE FROM touch_delivery WHERE no IN (SELECT no FROM touch_delivery WHERE started_at < ?1 ORDER BY started_at LIMIT (SELECT ?2)) RETURNING 1
