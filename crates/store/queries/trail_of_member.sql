-- Entries of member ?2 of programme ?1, recorded from ?3 until before ?4 (null: any), asked for by
-- ?5 (null: anybody), before entry number ?6, newest first, at most ?7, with where they were asked
-- from; in the stores ?8 (a JSON list) or, when that is null, all.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1),
  e.no, t.device, t.ip
FROM member AS m
JOIN entry AS e ON e.member_no = m.no
JOIN programme AS p ON p.no = e.programme_no
LEFT JOIN trace AS t ON t.entry_no = e.no
WHERE m.programme_no = ?1 AND m.id = ?2 AND e.no < ?6
  AND (?3 IS NULL OR e.recorded_at >= ?3) AND (?4 IS NULL OR e.recorded_at < ?4)
  AND (?5 IS NULL OR json_extract(e.body, '$.actor') = ?5)
  AND (?8 IS NULL OR e.store IN (SELECT value FROM json_each(?8)))
ORDER BY e.sequence DESC
LIMIT (SELECT ?7)
