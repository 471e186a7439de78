-- Members of programme ?1 whose ids are from ?2 on and before ?3, in order, at most ?4: id, first
-- entry, tier, its end, points, debt, state, what is told, other names, what the list goes on from,
-- and number.
SELECT m.id, m.joined_at, m.tier, m.tier_until, m.points_in_lots - m.debt, m.debt, m.state ->> '$.closed', p.attributes,
  (SELECT json_group_array(a.alias) FROM alias AS a WHERE a.member_no = m.no), m.id, m.no
FROM member AS m LEFT JOIN profile AS p ON p.member_no = m.no
WHERE m.programme_no = ?1 AND m.id >= ?2 AND m.id < ?3
ORDER BY m.id LIMIT (SELECT ?4)
