-- What was reserved for touches ?2 (a JSON list of numbers) at account ?1 by their first attempts, and
-- when these began.
SELECT d.touch_no, d.reserved, d.started_at FROM json_each(?2) AS t
CROSS JOIN touch_delivery AS d ON d.touch_no = t.value AND d.attempt = 1 AND d.account_no = ?1
