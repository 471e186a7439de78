-- Planned publications of programme ?1 that are due at ?2, as they are due, without those that
-- another rulebook came before.
SELECT id FROM publication_request
WHERE programme_no = ?1 AND at <= ?2 AND state = 'planned' AND base_version = (SELECT rulebook_version FROM programme WHERE no = ?1)
ORDER BY at, id LIMIT 100
