-- Entries of members ?1, a JSON list of numbers, that were recorded from ?2 on; of each the last ?3 at
-- most. Member, kind, when it happened, whether it is a purchase.
SELECT e.member_no, e.kind, e.occurred_at, e.kind = 'earn' AND e.body ->> '$.event' = 'purchase'
FROM json_each(?1) AS w
CROSS JOIN entry AS e ON e.member_no = w.value
  AND e.sequence > (SELECT max(b.sequence) FROM entry AS b WHERE b.member_no = w.value) - ?3
WHERE e.recorded_at >= ?2
