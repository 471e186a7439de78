-- Touches that were decided: ?1 a JSON list of lists, in the order of the columns. What is there is
-- left as it is. A row for each that is new. Numbers are above all that were ever given.
INSERT INTO touch (no, programme_no, member_no, strategy, node, cycle, playbook_version, purpose, priority, due_at, deadline_at, state, reason, mode,
  channels, wait_hours, template, action, messages, cost_minor, points, period, decided_at,
  planned_at, planned_day, is_compared, from_at, settles_day)
-- One text a row: json_each would write it anew for each column.
WITH decided AS MATERIALIZED (SELECT key, value AS row FROM json_each(?1))
SELECT max(coalesce((SELECT max(no) FROM touch), 0), coalesce((SELECT last FROM touch_gone), 0)) + 1 + key, row ->> 0, row ->> 1, row ->> 2, row ->> 3, row ->> 4, row ->> 5, row ->> 6, row ->> 7, row ->> 8, row ->> 9,
  row ->> 10, row ->> 11, row ->> 12, row ->> 13, row ->> 14, row ->> 15, row ->> 16, row ->> 17, row ->> 18, row ->> 19,
  row ->> 20, row ->> 21, row ->> 22, row ->> 23, row ->> 24, row ->> 25, row ->> 26
FROM decided WHERE true
ON CONFLICT DO NOTHING
RETURNING no
