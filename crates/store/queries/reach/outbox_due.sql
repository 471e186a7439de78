-- Messages of programme ?1 by channel ?2 (empty: touches that only act) that are due at ?3, at most ?4: the
-- touch as touches_of has it, due as it is by the channel, and its number. Turn by turn, a jump each; within a turn those first that wait
-- longest.
WITH RECURSIVE turns (turn) AS (
  SELECT min(turn) FROM outbox WHERE programme_no = ?1 AND channel = +?2
  UNION ALL
  SELECT (SELECT min(o.turn) FROM outbox AS o WHERE o.programme_no = ?1 AND o.channel = +?2 AND o.turn > turns.turn)
  FROM turns WHERE turns.turn IS NOT NULL)
SELECT t.member_no, t.strategy, t.node, t.cycle, t.playbook_version, t.purpose, t.priority, coalesce(o.planned_at, t.due_at), t.deadline_at, t.state, t.reason, t.mode,
  t.channels, t.wait_hours, t.template, t.action, t.messages, t.cost_minor, t.points, t.decided_at, t.sent_at, t.channel, t.responded_at, coalesce(t.from_at, t.due_at), t.last_at, t.no
FROM (
  SELECT o.touch_no, o.due_at, o.planned_at, o.turn FROM turns
  CROSS JOIN outbox AS o ON o.programme_no = ?1 AND o.channel = +?2 AND o.turn = turns.turn AND o.due_at <= ?3 LIMIT (SELECT ?4)) AS o
CROSS JOIN touch AS t ON t.no = o.touch_no
ORDER BY o.turn, o.due_at
