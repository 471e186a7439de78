-- The entries of programme ?1 that resolve or undo the entries with the ids ?2 (a JSON list,
-- hexadecimal), oldest first, each with the hash before it.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1)
FROM json_each(?2) AS c
CROSS JOIN entry AS e ON e.programme_no = ?1 AND e.corrects = unhex(c.value)
JOIN member AS m ON m.no = e.member_no
JOIN programme AS p ON p.no = e.programme_no
ORDER BY e.no
