-- Lets the programme with id ?1 belong to group ?2, unless names of its members belong to other
-- members in it. Asked in the same statement, so that of two programmes that join at once only one
-- does.
INSERT INTO programme_group (programme_no, group_id)
SELECT p.no, ?2 FROM programme AS p
WHERE p.id = ?1
  AND NOT EXISTS (SELECT 1 FROM programme_group WHERE programme_no = p.no AND group_id = ?2)
  AND NOT EXISTS (
    SELECT 1 FROM programme_group AS g CROSS JOIN name_apart AS apart ON apart.programme_no = p.no AND apart.other_no = g.programme_no
    WHERE g.group_id = ?2 AND g.programme_no <> p.no)
ON CONFLICT (programme_no) DO UPDATE SET group_id = excluded.group_id
