-- ?1 prefix, ?2 programme id, ?3 role, ?4 person or null, ?5 label, ?6 hash
-- (hexadecimal), ?7 now, ?8 the person
-- as it is compared, ?9 by whom, ?10 end or null, ?11 stores (a JSON list) or null, ?12 whether it
-- waits (one of a suspended person does not count either), ?13 who, ?14 own role
-- or null, of which ?3 is the base. Returns the person as it was spelled first, or nothing when the programme or
-- that role does not exist.
INSERT INTO api_key (prefix, programme_no, role, own_role, permissions, operator, label, hash, created_at, person, person_folded, created_by, expires_at, stores, waits, who)
SELECT ?1, p.no, ?3, ?14, (SELECT permissions FROM own_role WHERE programme_no = p.no AND id = ?14), 0, ?5, unhex(?6), ?7, coalesce((SELECT id FROM person WHERE programme_no = p.no AND folded = ?8), ?4), ?8, ?9, ?10, ?11,
  CASE WHEN ?12 = 0 THEN coalesce((SELECT 2 FROM person WHERE programme_no = p.no AND folded = ?8 AND suspended = 1), 0) ELSE 1 END, ?13
FROM programme AS p WHERE p.id = ?2
  AND (?14 IS NULL OR EXISTS (SELECT 1 FROM own_role WHERE programme_no = p.no AND id = ?14 AND base = ?3))
ON CONFLICT DO NOTHING
RETURNING person
