-- The entries of programme ?1 whose references are in the ranges ?2 ([[from, before], …]), oldest
-- first, each with the hash before it, its reference, and the place of its range.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1), c.name, r.key
FROM json_each(?2) AS r
-- CROSS keeps the list outside: SQLite would look at every reference of the programme otherwise.
CROSS JOIN claim AS c ON c.programme_no = ?1 AND c.kind = 'reference' AND c.name >= r.value ->> 0 AND c.name < r.value ->> 1
CROSS JOIN entry AS e ON e.no = c.entry_no
JOIN member AS m ON m.no = e.member_no
JOIN programme AS p ON p.no = e.programme_no
ORDER BY e.no
