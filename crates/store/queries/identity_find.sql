-- Whom provider ?2 calls ?3, in programme ?1.
SELECT r.folded, r.id, r.name, r.language, r.suspended, r.roles
FROM identity AS i JOIN person AS r ON r.programme_no = i.programme_no AND r.folded = i.folded
WHERE i.programme_no = ?1 AND i.provider = ?2 AND i.subject = ?3 AND r.name IS NOT NULL
