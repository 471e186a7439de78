-- Members of programme ?1 with lots that fell due by ?2, longest due first, at most ?3.
SELECT id FROM member WHERE programme_no = ?1 AND due_at <= ?2 ORDER BY due_at, no LIMIT ?3
