-- Members of programme ?1 whose copied tags changed, at most ?2: number, how often.
SELECT member_no, times FROM tag_due WHERE programme_no = ?1 ORDER BY member_no LIMIT (SELECT ?2)
