-- Sums of strategy ?2 of programme ?1 over the days from ?3 up to ?4, by node and channel.
SELECT node, channel, figure, sum(value) FROM touch_result WHERE programme_no = ?1 AND strategy = ?2 AND day >= ?3 AND day <= ?4
GROUP BY node, channel, figure
