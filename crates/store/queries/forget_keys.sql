-- Keys of programme ?1 that were revoked before ?2, and sessions that ended before it, are kept no
-- longer, at most ?3. Returns a row for each.
DELETE FROM api_key WHERE prefix IN
  (SELECT prefix FROM api_key WHERE programme_no = ?1 AND (revoked_at < ?2 OR (session_until IS NOT NULL AND expires_at < ?2)) LIMIT (SELECT ?3))
RETURNING 1
