-- Events that endpoint ?2 of programme ?1 was given up for, after entry number ?3, at most ?4.
SELECT e.no, e.id, e.kind, m.id, e.recorded_at, k.attempts, k.last_error
FROM parked_event AS k
CROSS JOIN entry AS e ON e.no = k.entry_no
CROSS JOIN member AS m ON m.no = k.member_no
WHERE k.programme_no = ?1 AND k.endpoint_id = ?2 AND k.state = 'dead' AND k.entry_no > ?3
ORDER BY k.entry_no LIMIT (SELECT ?4)
