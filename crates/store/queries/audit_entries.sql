-- Entries of the members with numbers ?1 (an array), by member and sequence, each with the hash before it.
SELECT e.member_no, p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.hash
FROM json_each(?1) AS w
JOIN member AS m ON m.no = w.value
JOIN programme AS p ON p.no = m.programme_no
JOIN entry AS e ON e.member_no = m.no
ORDER BY e.member_no, e.sequence
