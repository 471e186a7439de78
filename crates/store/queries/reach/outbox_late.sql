-- Messages whose channel had its time until ?1, at most ?2: touch and channel. What is on its way (it
-- began after ?3) is left out.
SELECT o.touch_no, o.channel FROM outbox AS o
WHERE o.until_at <= ?1 AND NOT EXISTS (
  SELECT 1 FROM touch_delivery AS d
  WHERE d.touch_no = o.touch_no AND d.channel = o.channel AND d.state = 'sending' AND d.started_at BETWEEN ?3 AND ?1)
ORDER BY o.until_at LIMIT (SELECT ?2)
