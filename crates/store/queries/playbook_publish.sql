-- Publishes the playbook ?3 of programme ?1 (an id) after version ?2, at ?4 by ?5. Returns nothing
-- when another version is in force.
INSERT INTO playbook
SELECT p.no, ?2 + 1, ?3, ?4, ?5
FROM programme AS p JOIN in_force AS f ON f.programme_no = p.no
WHERE p.id = ?1 AND f.playbook = ?2
RETURNING version
