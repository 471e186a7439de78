-- Behaviour of members ?1, a JSON list of numbers, of the kinds ?2, a JSON list, since ?3: of each member and
-- kind the last ?4 events at most. Member, kind, [when it happened, …].
SELECT w.value, k.value, (
  SELECT json_group_array(occurred_at) FROM (
    SELECT b.occurred_at FROM behaviour AS b WHERE b.member_no = w.value AND b.kind = k.value AND b.occurred_at >= ?3
    ORDER BY b.occurred_at DESC LIMIT (SELECT ?4)))
FROM json_each(?1) AS w CROSS JOIN json_each(?2) AS k
WHERE EXISTS (SELECT 1 FROM behaviour AS e WHERE e.member_no = w.value AND e.kind = k.value AND e.occurred_at >= ?3)
