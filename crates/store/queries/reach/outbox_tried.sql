-- What is known of messages by channel ?1 of touches, a JSON list ?2, that were tried: touch, the state
-- that counts, why, and when the last attempt began. A vendor's word goes first; then what it may have.
SELECT touch_no, state, error, max(started_at) FROM (
  SELECT d.touch_no, d.state, d.error, d.started_at,
    row_number() OVER (PARTITION BY d.touch_no ORDER BY CASE d.state WHEN 'delivered' THEN 1 WHEN 'accepted' THEN 2 WHEN 'sending' THEN 3
      WHEN 'unknown' THEN 4 WHEN 'again' THEN 5 WHEN 'bounced' THEN 6 WHEN 'failed' THEN 7 ELSE 8 END, d.attempt DESC) AS place
  FROM json_each(?2) AS w CROSS JOIN touch_delivery AS d ON d.touch_no = w.value AND d.channel = ?1)
WHERE place = 1 GROUP BY touch_no
