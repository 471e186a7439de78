-- What became of messages of touches of programme ?1, ?2 their numbers (a JSON list), that began before
-- ?3: touch, channel, those that a vendor took, whether one was delivered, what they cost where that is
-- known.
SELECT d.touch_no, d.channel, count(*) FILTER (WHERE d.state IN ('accepted', 'delivered', 'bounced')), max(d.state = 'delivered'),
  sum(d.cost_minor) FILTER (WHERE d.state IN ('accepted', 'delivered', 'bounced'))
FROM json_each(?2) AS w CROSS JOIN touch_delivery AS d ON d.touch_no = w.value
WHERE d.programme_no = ?1 AND d.started_at < ?3
GROUP BY d.touch_no, d.channel
