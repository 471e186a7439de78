-- The entries ?2 to ?3 (sequence numbers) of member number ?1, in order, each with the hash before
-- it.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1)
FROM entry AS e
JOIN member AS m ON m.no = e.member_no
JOIN programme AS p ON p.no = e.programme_no
WHERE e.member_no = ?1 AND e.sequence BETWEEN ?2 AND ?3
ORDER BY e.sequence
