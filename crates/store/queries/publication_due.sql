-- Planned publications of programme ?1 that are due at ?2, as they are due.
SELECT id, rulebook, base_version FROM publication_request
WHERE programme_no = ?1 AND at <= ?2 AND state = 'planned' ORDER BY at, id LIMIT 100
