-- Key ?1 was used at ?2: written once an hour.
UPDATE api_key SET last_used_at = ?2 WHERE prefix = ?1 AND coalesce(last_used_at, 0) <= ?2 - 3600000
