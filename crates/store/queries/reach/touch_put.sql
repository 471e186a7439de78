-- Touches that were decided: ?1 a JSON list of lists, in the order of the columns. What is there is
-- left as it is. A row for each that is new. Numbers are above all that were ever given.
INSERT INTO touch (no, programme_no, member_no, strategy, node, cycle, playbook_version, purpose, priority, due_at, deadline_at, state, reason, mode,
  channels, wait_hours, template, action, messages, cost_minor, points, period, decided_at,
  planned_at, planned_day, is_compared)
SELECT max(coalesce((SELECT max(no) FROM touch), 0), coalesce((SELECT last FROM touch_gone), 0)) + 1 + key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9,
  value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 17, value ->> 18, value ->> 19,
  value ->> 20, value ->> 21, value ->> 22, value ->> 23, value ->> 24
FROM json_each(?1) WHERE true ORDER BY key
ON CONFLICT DO NOTHING
RETURNING no
