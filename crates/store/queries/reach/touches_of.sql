-- Touches of members of programme ?1: ?2 their numbers, a JSON list. One that waits, and that a vendor
-- has or may have, is being sent.
SELECT t.member_no, t.strategy, t.node, t.cycle, t.playbook_version, t.purpose, t.priority, t.due_at, t.deadline_at,
  iif(t.state = 'due' AND EXISTS (
    SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = t.no AND d.state IN ('sending', 'again', 'accepted', 'delivered', 'unknown')), 'sending', t.state),
  t.reason, t.mode,
  t.channels, t.wait_hours, t.template, t.action, t.messages, t.cost_minor, t.points, t.decided_at, t.sent_at, t.channel, t.responded_at, coalesce(t.from_at, t.due_at), t.last_at
FROM json_each(?2) AS w CROSS JOIN touch AS t ON t.programme_no = ?1 AND t.member_no = w.value
