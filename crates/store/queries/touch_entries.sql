-- Entries of all programmes with numbers after ?1, in order, at most ?2, without those that were brought
-- from elsewhere: number, programme, member, id, kind, points, when it was recorded, and the tier
-- before and after where it changed; and 1 for what a strategy wrote.
SELECT e.no, e.programme_no, e.member_no, e.id, e.kind, e.points, e.recorded_at,
  CASE e.kind WHEN 'tier_change' THEN e.body ->> '$.tier[0]' END, CASE e.kind WHEN 'tier_change' THEN e.body ->> '$.tier[1]' END,
  e.kind NOT IN ('earn', 'redeem') AND e.body ->> '$.actor' = 'job:deliver'
FROM entry AS e WHERE e.no > ?1 ORDER BY e.no LIMIT (SELECT ?2)
