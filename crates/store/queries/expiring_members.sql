-- Members of programme ?1 with something falling due by ?2, after position (?3 due, ?4 member
-- number), at most ?5.
SELECT id, due_at, no FROM member
WHERE programme_no = ?1 AND due_at <= ?2 AND (due_at, no) > (?3, ?4)
ORDER BY due_at, no LIMIT (SELECT ?5)
