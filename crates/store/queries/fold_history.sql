-- Entries of member ?1 after sequence ?2 with numbers up to ?3, in order, at most ?4: columns as in
-- fold_entries.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, NULL, e.hash,
  e.no, e.programme_no, e.member_no, e.hash
FROM member AS m
CROSS JOIN entry AS e ON e.member_no = m.no
CROSS JOIN programme AS p ON p.no = m.programme_no
WHERE m.no = ?1 AND e.sequence > ?2 AND e.no <= ?3
ORDER BY e.sequence LIMIT (SELECT ?4)
