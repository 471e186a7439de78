-- Programme ?1 follows programme ?2 (ids), whose rulebook ?3 it has followed. It takes whatever the
-- playbook of a new parent says, as it was made from none of its versions.
INSERT INTO inheritance (programme_no, kind, parent_no, parent_version)
SELECT p.no, k.value, q.no, CASE k.value WHEN 'rulebook' THEN ?3 ELSE 0 END
FROM programme AS p JOIN programme AS q ON q.id = ?2 JOIN json_each('["rulebook","playbook"]') AS k WHERE p.id = ?1
ON CONFLICT (programme_no, kind) DO UPDATE SET parent_no = excluded.parent_no,
  parent_version = CASE WHEN kind = 'playbook' AND parent_no = excluded.parent_no THEN parent_version ELSE excluded.parent_version END,
  failed_own = NULL, failed_parent = NULL, problems = NULL
