-- Entries of member ?2 in programme ?1, newest first, before sequence ?3, at most ?4, in the stores ?5
-- (a JSON list) or, when that is null, all.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1)
FROM member AS m
JOIN entry AS e ON e.member_no = m.no
JOIN programme AS p ON p.no = m.programme_no
WHERE m.programme_no = ?1 AND m.id = ?2 AND e.sequence < ?3
  AND (?5 IS NULL OR e.store IN (SELECT value FROM json_each(?5)))
ORDER BY e.sequence DESC
LIMIT (SELECT ?4)
