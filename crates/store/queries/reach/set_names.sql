-- The names and kinds of the sets of programme ?1 and family ?2, in order, at most ?3.
SELECT name, kind FROM member_set WHERE programme_no = ?1 AND family = ?2 AND is_removed = 0 ORDER BY name LIMIT (SELECT ?3)
