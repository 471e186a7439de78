-- All sessions of person ?2 of programme ?1 end at ?3, by ?4. Returns a row for each.
UPDATE api_key SET revoked_at = ?3, who = ?4
WHERE programme_no = ?1 AND person_folded = ?2 AND session_until IS NOT NULL AND revoked_at IS NULL RETURNING prefix
