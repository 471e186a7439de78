-- The earn of programme ?1 with id ?2 that had to be looked at, with the hash before it.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1)
FROM review AS r
JOIN entry AS e ON e.no = r.entry_no
JOIN member AS m ON m.no = e.member_no
JOIN programme AS p ON p.no = e.programme_no
WHERE r.programme_no = ?1 AND r.entry_id = ?2
