-- Members of programme ?1 with other names from ?2 on and before ?3, in the order of these, at most
-- ?4: columns as in members_by_id.
SELECT m.id, m.joined_at, m.tier, m.tier_until, m.points_in_lots - m.debt, m.debt, m.state ->> '$.closed', p.attributes,
  (SELECT json_group_array(o.alias) FROM alias AS o WHERE o.member_no = m.no), a.alias, m.no
FROM alias AS a CROSS JOIN member AS m ON m.no = a.member_no LEFT JOIN profile AS p ON p.member_no = m.no
WHERE a.programme_no = ?1 AND a.alias >= ?2 AND a.alias < ?3
ORDER BY a.alias LIMIT (SELECT ?4)
