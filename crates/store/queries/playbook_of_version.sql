-- Version ?2 of the playbook of programme ?1 (a number).
SELECT document FROM playbook WHERE programme_no = ?1 AND version = ?2
