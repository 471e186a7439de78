-- Moves on the ladder with gifts of member ?2 of programme ?1, the newest 50, each with the hash
-- before it.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1)
FROM member AS m
JOIN programme AS p ON p.no = m.programme_no
CROSS JOIN entry AS e ON e.member_no = m.no AND e.kind = 'tier_change'
  AND (e.points > 0 OR json_array_length(e.body, '$.coupons') > 0)
WHERE m.programme_no = ?1 AND m.id = ?2
ORDER BY e.sequence DESC
LIMIT 50
