-- The first day after ?2 for which touches of programme ?1 were planned, or on which an occasion ends.
SELECT min(day) FROM (
  SELECT (SELECT planned_day FROM touch WHERE programme_no = ?1 AND planned_day > ?2 ORDER BY planned_day LIMIT 1) AS day
  UNION ALL
  SELECT (SELECT settles_day FROM touch WHERE programme_no = ?1 AND settles_day > ?2 ORDER BY settles_day LIMIT 1))
HAVING min(day) IS NOT NULL
