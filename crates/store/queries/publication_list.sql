-- Publications of programme ?1 before the id ?2, newest first, at most ?3: of document ?4, of each
-- where that is null.
SELECT id, draft, base_version, at, major, role, asked_at, asked_by, state, decided_at, decided_by, published_at, approved_at, approved_by, reason, kind
FROM publication_standing WHERE programme_no = ?1 AND id < ?2 AND (?4 IS NULL OR kind = ?4) ORDER BY id DESC LIMIT (SELECT ?3)
