-- Numbers of tasks of programme ?1 above ?2, in order, at most ?3.
SELECT no FROM task WHERE programme_no = ?1 AND no > ?2 ORDER BY no LIMIT (SELECT ?3)
