-- Sends the dead events of endpoint ?2 of programme ?1 again from ?4 on: the one with entry id ?3,
-- or (null) all. Of one member the first goes first, and those behind it wait.
UPDATE parked_event AS k SET attempts = 0, next_attempt_at = ?4, state = CASE WHEN EXISTS (
    SELECT 1 FROM parked_event AS before
    WHERE before.programme_no = k.programme_no AND before.endpoint_id = k.endpoint_id AND before.member_no = k.member_no
    AND before.entry_no < k.entry_no AND (?3 IS NULL OR before.state <> 'dead')
  ) THEN 'waiting' ELSE 'retry' END
WHERE programme_no = ?1 AND endpoint_id = ?2 AND state = 'dead'
AND (?3 IS NULL OR (SELECT id FROM entry WHERE no = k.entry_no) = ?3)
RETURNING entry_no
