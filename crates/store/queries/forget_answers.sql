-- Answers of sort ?4 that programme ?1 kept before ?2 go, at most ?3. Returns a row for each.
DELETE FROM answer WHERE programme_no = ?1 AND name IN
  (SELECT name FROM answer WHERE programme_no = ?1 AND what = ?4 AND recorded_at < ?2 LIMIT (SELECT ?3))
RETURNING 1
