-- The first day after ?2 for which touches of programme ?1 were planned.
SELECT planned_day FROM touch WHERE programme_no = ?1 AND planned_day > ?2 ORDER BY planned_day LIMIT 1
