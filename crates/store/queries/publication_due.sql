-- Planned publications of programme ?1 that are due at ?2, as they are due, without those that
-- another version of their document came before.
SELECT w.id, w.kind
FROM publication_request AS w JOIN in_force AS f ON f.programme_no = w.programme_no
WHERE w.programme_no = ?1 AND w.at <= ?2 AND w.state = 'planned'
  AND w.base_version = CASE w.kind WHEN 'rulebook' THEN f.rulebook ELSE f.playbook END
ORDER BY w.at, w.id LIMIT 100
