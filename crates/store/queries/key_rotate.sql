-- Takes over role and label of key ?2 of programme ?1 under prefix ?3 and hash ?4 at ?5.
INSERT INTO api_key (prefix, programme_no, role, operator, label, hash, created_at, lineage)
SELECT ?3, programme_no, role, 0, label, ?4, ?5, coalesce(lineage, prefix) FROM api_key
WHERE programme_no = ?1 AND prefix = ?2 AND revoked_at IS NULL AND operator = 0
ON CONFLICT DO NOTHING
RETURNING role, label
