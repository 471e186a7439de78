-- Publications of programme ?1 that came to nothing, and were asked for before ?2, are listed no
-- longer, at most ?3. Returns a row for each.
DELETE FROM publication_request WHERE programme_no = ?1 AND id IN
  (SELECT id FROM publication_standing WHERE programme_no = ?1 AND state IN ('rejected', 'withdrawn', 'superseded')
    AND coalesce(decided_at, asked_at) < ?2 LIMIT (SELECT ?3))
RETURNING 1
