-- Programmes whose parent has published since they followed it, but for those that could not; at
-- most ?1.
SELECT p.id, q.id, i.parent_version
FROM inheritance AS i JOIN programme AS p ON p.no = i.programme_no JOIN programme AS q ON q.no = i.parent_no
WHERE i.parent_version <> q.rulebook_version
  AND NOT (i.failed_own IS p.rulebook_version AND i.failed_parent IS q.rulebook_version)
ORDER BY p.no LIMIT (SELECT ?1)
