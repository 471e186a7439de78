-- Of touches ?2 (a JSON list of numbers) at account ?1: what their first attempts reserved, when these
-- began, and whether the vendor may have the touch from one of the attempts.
SELECT d.touch_no, d.reserved, d.started_at,
  EXISTS (SELECT 1 FROM touch_delivery AS a WHERE a.touch_no = d.touch_no AND a.channel = d.channel AND a.state = 'again')
FROM json_each(?2) AS t
CROSS JOIN touch_delivery AS d ON d.touch_no = t.value AND d.attempt = 1 AND d.account_no = ?1
