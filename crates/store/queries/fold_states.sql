-- What members have: ?1 their numbers, a JSON list. Number, id, points less debt, tier, since when,
-- its end, what counts towards tiers, and when points end as [[instant, points], …].
SELECT m.no, m.id, m.points_in_lots - m.debt, m.tier, m.tier_since, m.tier_until, m.qualification, (
  SELECT json_group_array(json_array(o.expires_at, o.points)) FROM (
    SELECT l.expires_at, sum(l.remaining) AS points FROM lot AS l
    WHERE l.member_no = m.no AND l.remaining > 0 AND l.expires_at < 9223372036854775807
    GROUP BY l.expires_at ORDER BY l.expires_at LIMIT 1000) AS o)
FROM json_each(?1) AS w
CROSS JOIN member AS m ON m.no = w.value
