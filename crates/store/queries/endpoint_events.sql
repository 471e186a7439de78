-- Entries of programme ?1 with numbers after ?2 up to ?3 that endpoint ?4 wants (?5: kinds as an
-- array, null for all but opening entries: who moves in is not told anybody), in order, at most ?6:
-- as in history, then the entry's and the member's number, and whether an event of the member is
-- parked there.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1),
  e.no, e.member_no,
  EXISTS (SELECT 1 FROM parked_event AS k
    WHERE k.programme_no = ?1 AND k.endpoint_id = ?4 AND k.member_no = e.member_no AND k.state <> 'dead')
FROM entry AS e
CROSS JOIN member AS m ON m.no = e.member_no
CROSS JOIN programme AS p ON p.no = e.programme_no
WHERE e.no > ?2 AND e.no <= ?3 AND e.programme_no = ?1 AND ((?5 IS NULL AND e.kind <> 'opening') OR e.kind IN (SELECT value FROM json_each(?5)))
ORDER BY e.no LIMIT (SELECT ?6)
