-- How many of the members of programme ?1 with the numbers ?2, a JSON list, have an open address and
-- said yes to marketing, by channel.
SELECT c.channel, count(*)
FROM json_each(?2) AS w
CROSS JOIN contact AS c ON c.programme_no = ?1 AND c.member_no = w.value AND c.state = 'open'
WHERE EXISTS (
  SELECT 1 FROM consent_standing AS s
  WHERE s.programme_no = ?1 AND s.member_no = c.member_no AND s.purpose = 'marketing' AND s.channel = c.channel AND s.decision = 'given')
GROUP BY c.channel ORDER BY c.channel
