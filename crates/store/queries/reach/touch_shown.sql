-- Touches of programme ?1 with the numbers ?2, a JSON list.
SELECT t.no, t.member_no, t.strategy, t.node, t.cycle, t.playbook_version, t.purpose, t.state, t.reason, t.mode, t.channels, t.template,
  t.action, t.decided_at, t.due_at, t.deadline_at, t.sent_at, t.channel, t.responded_at, t.planned_day, t.error
FROM json_each(?2) AS w CROSS JOIN touch AS t ON t.no = w.value WHERE t.programme_no = ?1
