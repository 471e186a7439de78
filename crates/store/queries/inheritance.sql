-- Whom the programme ?1 (an id) follows in document ?2: its id, the version that was followed, and
-- what kept from following a newer one.
SELECT q.id, i.parent_version, i.problems
FROM programme AS p JOIN inheritance AS i ON i.programme_no = p.no AND i.kind = ?2 JOIN programme AS q ON q.no = i.parent_no
WHERE p.id = ?1
