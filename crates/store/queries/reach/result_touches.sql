-- Touches of programme ?1 that were planned for day ?2, with numbers after ?3, in order, at most ?4. The
-- last three columns: whether it is the member's first touch of the strategy that is compared, since day
-- ?5 and about its occasion; the same of all marketing; and the state of its task.
SELECT t.no, t.member_no, t.strategy, t.node, t.playbook_version, t.purpose, t.state, t.reason, t.planned_at, t.cost_minor, t.points,
  t.is_compared = 1 AND NOT EXISTS (
    SELECT 1 FROM touch AS b WHERE b.programme_no = t.programme_no AND b.member_no = t.member_no AND b.strategy = t.strategy
    AND b.is_compared = 1 AND (b.planned_day >= ?5 OR b.cycle = t.cycle) AND (b.planned_at, b.no) < (t.planned_at, t.no)),
  t.is_compared = 1 AND t.purpose = 'marketing' AND NOT EXISTS (
    SELECT 1 FROM touch AS b WHERE b.programme_no = t.programme_no AND b.member_no = t.member_no AND b.purpose = 'marketing'
    AND b.is_compared = 1 AND (b.planned_day >= ?5 OR b.cycle = t.cycle) AND (b.planned_at, b.no) < (t.planned_at, t.no)),
  (SELECT k.state FROM task AS k WHERE k.touch_no = t.no)
FROM touch AS t WHERE t.programme_no = ?1 AND t.planned_day = ?2 AND t.no > ?3
ORDER BY t.no LIMIT (SELECT ?4)
