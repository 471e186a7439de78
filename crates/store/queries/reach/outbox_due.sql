-- Messages of programme ?1 by channel ?2 (empty: touches that only act) that are due at ?3, those that
-- wait longest first, at most ?4: the touch as touches_of has it, due as
-- it is by the channel, and its number.
SELECT t.member_no, t.strategy, t.node, t.cycle, t.playbook_version, t.purpose, t.priority, coalesce(o.planned_at, t.due_at), t.deadline_at, t.state, t.reason, t.mode,
  t.channels, t.wait_hours, t.template, t.action, t.messages, t.cost_minor, t.points, t.decided_at, t.sent_at, t.channel, t.responded_at, coalesce(t.from_at, t.due_at), t.no
FROM (SELECT touch_no, due_at, planned_at FROM outbox WHERE programme_no = ?1 AND channel = +?2 AND due_at <= ?3 ORDER BY due_at LIMIT (SELECT ?4)) AS o
CROSS JOIN touch AS t ON t.no = o.touch_no
ORDER BY o.due_at
