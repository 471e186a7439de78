-- Messages whose channel had its time until ?1, at most ?3: touch, channel, and what may have become of
-- it: 2 while a run sends it, which began after ?2; 1 where a vendor may have it; else 0.
SELECT o.touch_no, o.channel, o.until_at,
  coalesce((
    SELECT max(CASE WHEN d.state = 'sending' AND d.started_at > ?2 THEN 2 WHEN d.state IN ('sending', 'again') THEN 1 ELSE 0 END)
    FROM touch_delivery AS d WHERE d.touch_no = o.touch_no AND d.channel = o.channel), 0)
FROM outbox AS o WHERE o.until_at <= ?1 ORDER BY o.until_at LIMIT (SELECT ?3)
