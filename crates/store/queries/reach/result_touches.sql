-- Touches of programme ?1 that were planned for day ?2, or are the last ones about an occasion that ended
-- on it, with numbers after ?3, in order, at most ?4. The last columns: whether it is the member's first
-- touch of the strategy that is compared, since day ?5 and about its occasion; the same of all marketing;
-- the state of its task; the occasion; whether it was planned for the day, and whether it is such a last one.
WITH some (no) AS (
  SELECT no FROM (SELECT no FROM touch WHERE programme_no = ?1 AND planned_day = ?2 AND no > ?3 ORDER BY no LIMIT (SELECT ?4))
  UNION
  SELECT no FROM (SELECT no FROM touch WHERE programme_no = ?1 AND settles_day = ?2 AND no > ?3 ORDER BY no LIMIT (SELECT ?4))
  ORDER BY no LIMIT (SELECT ?4))
SELECT t.no, t.member_no, t.strategy, t.node, t.playbook_version, t.purpose, t.state, t.reason, t.planned_at, t.cost_minor, t.points,
  t.is_compared = 1 AND t.planned_day = ?2 AND NOT EXISTS (
    SELECT 1 FROM touch AS b WHERE b.programme_no = t.programme_no AND b.member_no = t.member_no AND b.strategy = t.strategy
    AND b.is_compared = 1 AND (b.planned_day >= ?5 OR b.cycle = t.cycle) AND (b.planned_at, b.no) < (t.planned_at, t.no)),
  t.is_compared = 1 AND t.planned_day = ?2 AND t.purpose = 'marketing' AND NOT EXISTS (
    SELECT 1 FROM touch AS b WHERE b.programme_no = t.programme_no AND b.member_no = t.member_no AND b.purpose = 'marketing'
    AND b.is_compared = 1 AND (b.planned_day >= ?5 OR b.cycle = t.cycle) AND (b.planned_at, b.no) < (t.planned_at, t.no)),
  (SELECT k.state FROM task AS k WHERE k.touch_no = t.no),
  t.cycle, t.planned_day = ?2,
  coalesce(t.settles_day = ?2, 0) AND NOT EXISTS (
    SELECT 1 FROM touch AS b WHERE b.programme_no = t.programme_no AND b.member_no = t.member_no AND b.strategy = t.strategy
    AND b.node >= t.node AND b.cycle = t.cycle AND b.settles_day IS NOT NULL AND (b.node, b.no) > (t.node, t.no))
FROM some AS s CROSS JOIN touch AS t ON t.no = s.no
ORDER BY t.no
