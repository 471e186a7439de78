-- Playbooks of programme ?1 (an id) older than version ?2, newest first, at most ?3.
SELECT b.version, b.published_at, b.published_by
FROM programme AS p JOIN playbook AS b ON b.programme_no = p.no
WHERE p.id = ?1 AND b.version < ?2
ORDER BY b.version DESC LIMIT (SELECT ?3)
