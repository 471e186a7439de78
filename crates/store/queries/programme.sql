-- The programme with id ?1 and its published rulebook.
SELECT p.no, p.id, p.rulebook_version, p.rulebook_digest, p.name, r.document, r.published_at, p.spread
FROM programme AS p JOIN rulebook AS r ON r.programme_no = p.no AND r.version = p.rulebook_version
WHERE p.id = ?1
