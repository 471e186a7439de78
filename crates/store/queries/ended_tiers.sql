-- Members of programme ?1 whose tier ended by ?2, at most ?3.
SELECT id FROM member WHERE programme_no = ?1 AND tier_until <= ?2 ORDER BY tier_until LIMIT (SELECT ?3)
