-- The playbook in force of programme ?1; none before the first version.
SELECT version, published_at, published_by, document FROM playbook WHERE programme_no = ?1 ORDER BY version DESC LIMIT 1
