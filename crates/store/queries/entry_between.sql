-- The entry of programme ?1 with id ?4 and a number from ?2 on and before ?3, with the hash before
-- it.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1)
FROM entry AS e
CROSS JOIN member AS m ON m.no = e.member_no
CROSS JOIN programme AS p ON p.no = e.programme_no
WHERE e.no >= ?2 AND e.no < ?3 AND +e.programme_no = ?1 AND +e.id = ?4
LIMIT 1
