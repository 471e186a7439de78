-- Session ?1 is used at ?2, which it outlives by ?3, but not its end.
UPDATE api_key SET last_used_at = ?2, expires_at = min(session_until, ?2 + ?3) WHERE prefix = ?1 AND session_until IS NOT NULL AND revoked_at IS NULL AND expires_at > ?2
