-- Keys of programme ?1 whose prefix starts with ?2, after prefix ?3, at most ?4. Sessions are no keys.
SELECT prefix, role, label, created_at, revoked_at, person, person_folded, created_by, approved_by, waits, expires_at, last_used_at, stores, own_role
FROM api_key
WHERE programme_no = ?1 AND substr(prefix, 1, length(?2)) = ?2 AND prefix > ?3 AND session_until IS NULL
ORDER BY prefix LIMIT (SELECT ?4)
