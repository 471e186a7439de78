-- Members of programme ?1 whose facts changed, at most ?2: number, change.
SELECT member_no, change FROM set_due WHERE programme_no = ?1 ORDER BY member_no LIMIT (SELECT ?2)
