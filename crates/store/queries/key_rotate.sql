-- Takes over all that key ?2 of programme ?1 is, under prefix ?3 and hash ?4 (hexadecimal) at ?5, asked for by
-- ?6; ?7 whether it waits, ?8 who.
INSERT INTO api_key (prefix, programme_no, role, own_role, permissions, operator, label, hash, created_at, person, person_folded, created_by, expires_at, stores, waits, who, lineage)
SELECT ?3, programme_no, role, own_role, permissions, 0, label, unhex(?4), ?5, person, person_folded, ?6, expires_at, stores, ?7, ?8, coalesce(lineage, prefix) FROM api_key
WHERE programme_no = ?1 AND prefix = ?2 AND revoked_at IS NULL AND waits = 0 AND operator = 0 AND session_until IS NULL
ON CONFLICT DO NOTHING
RETURNING prefix
