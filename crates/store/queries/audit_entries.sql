-- Entries of members, by member and sequence: ?1 is [[member number, first sequence, last
-- sequence], …].
SELECT e.member_no, e.no, p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash, NULL,
  e.corrects, e.cause, e.counterparty, e.store
FROM json_each(?1) AS w
JOIN member AS m ON m.no = w.value ->> 0
JOIN programme AS p ON p.no = m.programme_no
JOIN entry AS e ON e.member_no = m.no AND e.sequence BETWEEN w.value ->> 1 AND w.value ->> 2 AND e.programme_no = m.programme_no
ORDER BY e.member_no, e.sequence
