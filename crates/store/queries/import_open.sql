-- How many imports of programme ?1 are not ended at the instant ?2.
SELECT count(*) FROM import
WHERE programme_no = ?1 AND (state IN ('staging', 'approved') OR (state = 'waiting' AND until > ?2))
