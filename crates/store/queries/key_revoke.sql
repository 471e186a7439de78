-- Revokes key ?2 of programme ?1 at ?3, by ?4; a second time changes nothing. The operator's key
-- follows its variable instead.
UPDATE api_key SET revoked_at = coalesce(revoked_at, ?3), who = ?4 WHERE programme_no = ?1 AND prefix = ?2 AND operator = 0 AND session_until IS NULL RETURNING prefix
