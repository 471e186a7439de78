-- Rulebooks of programme ?1 (an id) older than version ?2, newest first, at most ?3.
SELECT r.version, r.published_at, r.published_by
FROM programme AS p JOIN rulebook AS r ON r.programme_no = p.no
WHERE p.id = ?1 AND r.version < ?2
ORDER BY r.version DESC LIMIT (SELECT ?3)
