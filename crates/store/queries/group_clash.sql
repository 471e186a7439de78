-- Programmes of group ?2, or of its own where that is null, in which somebody else is known by a
-- name of a member of the programme with id ?1. Reads all names of that programme where there is
-- none.
SELECT q.id
FROM programme AS p
JOIN programme_group AS g ON g.group_id = coalesce(?2, (SELECT group_id FROM programme_group WHERE programme_no = p.no)) AND g.programme_no <> p.no
JOIN programme AS q ON q.no = g.programme_no
WHERE p.id = ?1 AND EXISTS (SELECT 1 FROM name_apart WHERE programme_no = p.no AND other_no = q.no)
ORDER BY q.no
