-- Touches of programme ?1 that are due at ?2, those that wait longest first, at most ?3.
SELECT no, member_no FROM touch WHERE programme_no = ?1 AND state = 'due' AND due_at <= ?2 ORDER BY due_at LIMIT (SELECT ?3)
