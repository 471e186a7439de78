-- What reversals undo. ?1 [[number of a reversal, member, id of the entry], …]: the reversal's
-- number, the entry as in fold_entries, and what came back of it before that one: a JSON list of the
-- names of lines and units. The entry is the member's own, or of an account that is part of the same
-- one by now.
SELECT w.value ->> 0,
  p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, NULL, e.hash,
  (SELECT json_group_array(json_array(b.line, b.units)) FROM (
    SELECT l.value ->> 0 AS line, sum(l.value ->> 1) AS units
    FROM entry AS r CROSS JOIN json_each(r.body, '$.reversal[0]') AS l
    WHERE r.programme_no = e.programme_no AND r.corrects = e.id AND r.kind = 'reverse' AND r.no < w.value ->> 0
    GROUP BY 1) AS b)
FROM json_each(?1) AS w
CROSS JOIN member AS own ON own.no = w.value ->> 1
CROSS JOIN member AS m ON m.no IN (
  WITH whole (no) AS (
    SELECT coalesce((SELECT member_no FROM alias WHERE programme_no = own.programme_no AND alias = 'id:' || own.id), own.no)
  )
  SELECT no FROM whole
  UNION ALL
  SELECT was.no FROM whole
  CROSS JOIN alias AS a ON a.member_no = whole.no AND a.alias LIKE 'id:%'
  CROSS JOIN member AS was ON was.programme_no = a.programme_no AND was.id = substr(a.alias, 4)
)
CROSS JOIN entry AS e ON e.member_no = m.no AND e.id = unhex(w.value ->> 2)
CROSS JOIN programme AS p ON p.no = e.programme_no
