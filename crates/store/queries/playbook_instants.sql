-- When playbooks of programme ?1 (a number) came into force, at most the last ?2, the newest first.
SELECT version, published_at FROM playbook WHERE programme_no = ?1 ORDER BY version DESC LIMIT (SELECT ?2)
