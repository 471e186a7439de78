-- Version ?2 of the rulebook of programme ?1 (an id).
SELECT r.version, r.published_at, r.published_by, r.document
FROM programme AS p JOIN rulebook AS r ON r.programme_no = p.no AND r.version = ?2
WHERE p.id = ?1
