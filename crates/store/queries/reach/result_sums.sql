-- Sums of the strategies of programme ?1 over the days from ?2 up to ?3, of all nodes together.
SELECT strategy, figure, sum(value) FROM touch_result WHERE programme_no = ?1 AND day >= ?2 AND day <= ?3 AND node = ''
GROUP BY strategy, figure
