-- What reversals undo. ?1 [[number of the reversal, member, id of the entry], …]: the reversal's
-- number, the entry as in fold_entries, and the reversals of it up to that one, a JSON list. The
-- entry is the member's own, or of an account that is part of the same one by now.
SELECT w.value ->> 0,
  p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, NULL, e.hash,
  (SELECT json_group_array(json(r.body -> '$.reversal')) FROM entry AS r
    WHERE r.programme_no = e.programme_no AND r.corrects = e.id AND r.kind = 'reverse' AND r.no <= w.value ->> 0)
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
