-- ?1 prefix, ?2 programme id, ?3 role, ?4 operator, ?5 label, ?6 hash, ?7 now. Returns nothing when the programme does not exist.
INSERT INTO api_key (prefix, programme_no, role, operator, label, hash, created_at)
SELECT ?1, no, ?3, ?4, ?5, ?6, ?7 FROM programme WHERE id = ?2
ON CONFLICT DO NOTHING
RETURNING prefix
