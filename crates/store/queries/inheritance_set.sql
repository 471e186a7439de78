-- Programme ?1 follows programme ?2 (ids), whose version ?3 it has followed.
INSERT INTO inheritance (programme_no, parent_no, parent_version)
SELECT p.no, q.no, ?3 FROM programme AS p JOIN programme AS q ON q.id = ?2 WHERE p.id = ?1
ON CONFLICT (programme_no) DO UPDATE SET parent_no = excluded.parent_no, parent_version = excluded.parent_version,
  failed_own = NULL, failed_parent = NULL, problems = NULL
