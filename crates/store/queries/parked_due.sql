-- Parked events of endpoint ?2 of programme ?1 to be sent again at ?3 (or later than ?4 from now,
-- by a clock that was set back), at most ?5: as in history, then the entry's and the member's
-- number and the attempts so far.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1),
  e.no, e.member_no, k.attempts
FROM parked_event AS k
CROSS JOIN entry AS e ON e.no = k.entry_no
CROSS JOIN member AS m ON m.no = e.member_no
CROSS JOIN programme AS p ON p.no = e.programme_no
WHERE k.programme_no = ?1 AND k.endpoint_id = ?2 AND k.state = 'retry' AND (k.next_attempt_at <= ?3 OR k.next_attempt_at > ?3 + ?4)
ORDER BY k.next_attempt_at, k.entry_no LIMIT (SELECT ?5)
