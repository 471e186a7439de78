-- Members of programme ?1 after number ?2 whose copied tags changed, at most ?3: number, change.
SELECT member_no, change FROM tag_due WHERE programme_no = ?1 AND member_no > ?2 ORDER BY member_no LIMIT (SELECT ?3)
