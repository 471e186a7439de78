-- Sessions of person ?2 of programme ?1 that count at ?3, the last one first.
SELECT prefix, coalesce(own_role, role), stores, created_at, last_used_at, session_until, who ->> 'address'
FROM api_key
WHERE programme_no = ?1 AND person_folded = ?2 AND session_until IS NOT NULL AND revoked_at IS NULL AND expires_at > ?3
ORDER BY created_at DESC, prefix
