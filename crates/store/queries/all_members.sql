-- Members of programme ?1 after member number ?2, at most ?3.
SELECT id, no FROM member WHERE +programme_no = ?1 AND no > ?2 ORDER BY no LIMIT (SELECT ?3)
