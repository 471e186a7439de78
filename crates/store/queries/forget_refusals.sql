-- Refusals of programme ?1 that were kept before ?2 go, at most ?3. Returns a row for each.
DELETE FROM refusal WHERE programme_no = ?1 AND idem IN
  (SELECT idem FROM refusal WHERE programme_no = ?1 AND recorded_at < ?2 LIMIT (SELECT ?3))
RETURNING 1
