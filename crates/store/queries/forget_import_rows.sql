-- Rows of imports of programme ?1 that were ended and asked for before ?2 go, at most ?3. Returns a
-- row for each.
DELETE FROM import_row WHERE programme_no = ?1 AND (import_id, line) IN
  (SELECT r.import_id, r.line FROM import AS i CROSS JOIN import_row AS r ON r.programme_no = i.programme_no AND r.import_id = i.id
  WHERE i.programme_no = ?1 AND i.asked_at < ?2 AND (i.state IN ('done', 'rejected', 'withdrawn') OR (i.state IN ('staging', 'waiting') AND i.until < ?2))
  LIMIT (SELECT ?3))
RETURNING 1
