-- The entries of programme ?1 whose sources are in the ranges ?2 ([[from, before], …]), oldest
-- first, each with the hash before it, its source, and the place of its range.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1), e.source, r.key
FROM json_each(?2) AS r
-- CROSS keeps the list outside: SQLite would look at every source of the programme otherwise.
CROSS JOIN entry AS e ON e.programme_no = ?1 AND e.source >= r.value ->> 0 AND e.source < r.value ->> 1
JOIN member AS m ON m.no = e.member_no
JOIN programme AS p ON p.no = e.programme_no
ORDER BY e.no
