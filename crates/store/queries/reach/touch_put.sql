-- Touches of programme ?1 that were decided: ?2 what many of them have in common, a JSON list of objects;
-- ?3 a JSON list of lists: the place in ?2, member, cycle, due_at, deadline_at, planned_at, planned_day,
-- from_at, settles_day. What is there is left as it is. A row for each that is new. Numbers are above all that were
-- ever given.
INSERT INTO touch (no, programme_no, member_no, strategy, node, cycle, playbook_version, purpose, priority, due_at, deadline_at, state, reason, mode,
  channels, wait_hours, template, action, messages, cost_minor, points, period, decided_at,
  planned_at, planned_day, is_compared, from_at, settles_day)
-- One text a row: json_each would write it anew for each column.
WITH shape AS MATERIALIZED (
  SELECT key AS place, value ->> 'strategy' AS strategy, value ->> 'node' AS node, value ->> 'version' AS version, value ->> 'purpose' AS purpose,
    value ->> 'priority' AS priority, value ->> 'state' AS state, value ->> 'reason' AS reason, value ->> 'mode' AS mode,
    value ->> 'channels' AS channels, value ->> 'wait_hours' AS wait_hours, value ->> 'template' AS template, value ->> 'action' AS action,
    value ->> 'messages' AS messages, value ->> 'cost_minor' AS cost_minor, value ->> 'points' AS points, value ->> 'period' AS period,
    value ->> 'decided_at' AS decided_at, value ->> 'is_compared' AS is_compared
  FROM json_each(?2)),
decided AS MATERIALIZED (SELECT key, value AS row FROM json_each(?3))
SELECT max(coalesce((SELECT max(no) FROM touch), 0), coalesce((SELECT last FROM touch_gone), 0)) + 1 + d.key, ?1, d.row ->> 1, s.strategy, s.node, d.row ->> 2,
  s.version, s.purpose, s.priority, d.row ->> 3, d.row ->> 4, s.state, s.reason, s.mode, s.channels, s.wait_hours, s.template, s.action,
  s.messages, s.cost_minor, s.points, s.period, s.decided_at, d.row ->> 5, d.row ->> 6, s.is_compared, d.row ->> 7, d.row ->> 8
FROM decided AS d CROSS JOIN shape AS s ON s.place = d.row ->> 0
WHERE true
ON CONFLICT DO NOTHING
RETURNING no
