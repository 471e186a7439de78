-- Of touches ?2 (a JSON list of numbers) that were tried by the channel of account ?1: what the account
-- reserved last; when the vendor first knew of it, by an attempt with that reservation or else one that
-- it may have; and whether the vendor of any account may have it. What was tried with other settings
-- was reserved at another place.
SELECT t.value,
  (SELECT d.reserved FROM touch_delivery AS d WHERE d.touch_no = t.value AND d.channel = a.channel AND d.account_no = a.no
    AND d.no > a.changed_after AND d.reserved IS NOT NULL ORDER BY d.attempt DESC LIMIT 1),
  coalesce((SELECT d.started_at FROM touch_delivery AS d WHERE d.touch_no = t.value AND d.channel = a.channel AND d.account_no = a.no
      AND d.no > a.changed_after AND d.reserved = (
        SELECT e.reserved FROM touch_delivery AS e WHERE e.touch_no = t.value AND e.channel = a.channel AND e.account_no = a.no
        AND e.no > a.changed_after AND e.reserved IS NOT NULL ORDER BY e.attempt DESC LIMIT 1)
      ORDER BY d.attempt LIMIT 1),
    (SELECT d.started_at FROM touch_delivery AS d WHERE d.touch_no = t.value AND d.channel = a.channel AND d.account_no = a.no
      AND d.no > a.changed_after AND d.state = 'again' ORDER BY d.attempt LIMIT 1)),
  EXISTS (SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = t.value AND d.channel = a.channel AND d.state = 'again')
FROM channel_account AS a CROSS JOIN json_each(?2) AS t
WHERE a.no = ?1 AND EXISTS (
  SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = t.value AND d.channel = a.channel AND d.programme_no = a.programme_no)
