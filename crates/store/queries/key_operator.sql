-- Makes the key with prefix ?1 and hash ?2 (hexadecimal) an operator's key of the programme with id ?3, at ?4.
-- The operator is one person, whatever its key.
INSERT INTO api_key (prefix, programme_no, role, operator, label, hash, created_at, lineage, person)
SELECT ?1, no, 'admin', 1, 'operator (variable admin_key)', unhex(?2), ?4, 'operator', 'operator' FROM programme WHERE id = ?3
ON CONFLICT (prefix) DO UPDATE SET hash = excluded.hash, revoked_at = NULL WHERE operator = 1 AND (hash <> excluded.hash OR revoked_at IS NOT NULL)
