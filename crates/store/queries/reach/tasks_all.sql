-- Numbers of tasks of programme ?1 below ?2, the latest first, at most ?3.
SELECT no FROM task WHERE programme_no = ?1 AND no < ?2 ORDER BY no DESC LIMIT (SELECT ?3)
