-- The versions in force in programme ?1: rulebook and playbook.
SELECT p.rulebook_version, coalesce((SELECT max(version) FROM playbook WHERE programme_no = p.no), 0) FROM programme AS p WHERE p.no = ?1
