-- Behaviour of members ?1, a JSON list of numbers, of the kinds ?2, a JSON list, since ?3: of each the last
-- ?4 events at most. Member, [[kind, when it happened], …].
SELECT w.value, (
  SELECT json_group_array(json_array(kind, occurred_at)) FROM (
    SELECT b.kind, b.occurred_at FROM behaviour AS b
    WHERE b.member_no = w.value AND b.occurred_at >= ?3 AND b.kind IN (SELECT value FROM json_each(?2))
    ORDER BY b.occurred_at DESC LIMIT (SELECT ?4)))
FROM json_each(?1) AS w
