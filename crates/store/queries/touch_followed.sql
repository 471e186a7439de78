-- Entries that were recorded from ?2 on, of members ?1, [[number, sequence], …]: of each of the ?3 before the
-- sequence; where it is null, of the last ?3. Member, kind, when it happened, whether it is a purchase, sequence.
SELECT e.member_no, e.kind, e.occurred_at, e.kind = 'earn' AND e.body ->> '$.event' = 'purchase', e.sequence
FROM (
  SELECT value ->> 0 AS member_no,
    coalesce(value ->> 1, (SELECT max(b.sequence) + 1 FROM entry AS b WHERE b.member_no = value ->> 0)) AS before
  FROM json_each(?1)) AS w
CROSS JOIN entry AS e ON e.member_no = w.member_no AND e.sequence < w.before AND e.sequence >= w.before - ?3
WHERE e.recorded_at >= ?2
