-- Entries with numbers after ?1, in order, at most ?2: as in history, without texts and without the
-- hash before; then the entry's, the programme's and the member's number,
-- and the entry's hash once more, which is known also of an entry that cannot be read.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, NULL, e.hash,
  e.no, e.programme_no, e.member_no, e.hash
FROM entry AS e
CROSS JOIN member AS m ON m.no = e.member_no
CROSS JOIN programme AS p ON p.no = e.programme_no
WHERE e.no > ?1
ORDER BY e.no LIMIT (SELECT ?2)
