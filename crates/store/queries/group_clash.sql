-- A programme of group ?2 in which somebody else is known by a name of a member of the programme with id ?1. Reads all names of that programme
-- where there is none.
SELECT q.id
FROM programme AS p
JOIN alias AS a ON a.programme_no = p.no AND a.alias NOT LIKE 'id:%'
JOIN member AS m ON m.no = a.member_no
CROSS JOIN programme_group AS g ON g.group_id = ?2 AND g.programme_no <> p.no
CROSS JOIN alias AS b ON b.programme_no = g.programme_no AND b.alias = a.alias
CROSS JOIN member AS n ON n.no = b.member_no
JOIN programme AS q ON q.no = g.programme_no
WHERE p.id = ?1 AND n.id <> m.id
LIMIT 1
