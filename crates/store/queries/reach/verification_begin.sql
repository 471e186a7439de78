-- Keeps a code for member ?2 of programme ?1: its id ?3, digest ?4, points ?5, made at ?6, good until ?7;
-- unless it is kept already, the member got ?8 or more since ?10, or the programme's members ?9. A row where
-- it is kept now.
INSERT INTO verification (programme_no, member_no, id, digest, points, made_at, until)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM verification WHERE programme_no = ?1 AND member_no = ?2 AND made_at > ?10
    ORDER BY made_at LIMIT 1 OFFSET (SELECT ?8 - 1))
  AND NOT EXISTS (SELECT 1 FROM verification WHERE programme_no = ?1 AND made_at > ?10
    ORDER BY made_at LIMIT 1 OFFSET (SELECT ?9 - 1))
ON CONFLICT (programme_no, member_no, id) DO NOTHING
RETURNING 1
