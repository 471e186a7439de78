-- Session ?1 ends at ?2, by ?3.
UPDATE api_key SET revoked_at = ?2, who = ?3 WHERE prefix = ?1 AND session_until IS NOT NULL AND revoked_at IS NULL
