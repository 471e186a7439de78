-- Version ?2 of the playbook of programme ?1 (an id).
SELECT b.version, b.published_at, b.published_by, b.document
FROM programme AS p JOIN playbook AS b ON b.programme_no = p.no AND b.version = ?2
WHERE p.id = ?1
