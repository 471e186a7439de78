-- The playbook ?1 of the programme.
INSERT INTO playbook VALUES (1, 1, ?1, 0, 'bench')
