-- The group of the programme with id ?1.
SELECT g.group_id FROM programme_group AS g JOIN programme AS p ON p.no = g.programme_no WHERE p.id = ?1
