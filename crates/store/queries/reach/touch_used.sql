-- What strategies of programme ?1 have used up: ?2 [[strategy, period], …].
SELECT t.strategy, t.messages, t.cost_minor, t.points
FROM json_each(?2) AS w CROSS JOIN touch_tally AS t ON t.programme_no = ?1 AND t.strategy = w.value ->> 0 AND t.period = w.value ->> 1
