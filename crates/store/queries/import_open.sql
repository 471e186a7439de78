-- How many imports of programme ?1 are not ended at the instant ?2, and what all are worth that
-- were asked for since ?3 and came to something, or may.
SELECT count(*) FILTER (WHERE state IN ('staging', 'approved') OR (state = 'waiting' AND until > ?2)),
  CAST(total(size) FILTER (WHERE asked_at >= ?3 AND state NOT IN ('rejected', 'withdrawn')) AS INTEGER)
FROM import WHERE programme_no = ?1
