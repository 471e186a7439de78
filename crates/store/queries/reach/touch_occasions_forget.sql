-- Forgets what can be answered no more at ?1, at most ?2 rows, and returns as many.
DELETE FROM touch_occasion WHERE no IN (SELECT no FROM touch_occasion WHERE until <= ?1 ORDER BY until LIMIT (SELECT ?2)) RETURNING 1
