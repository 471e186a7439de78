-- Publications of programme ?1 before the id ?2, newest first, at most ?3.
SELECT id, draft, base_version, at, major, role, asked_at, asked_by, state, decided_at, decided_by, published_at, approved_at, approved_by, reason
FROM publication_standing WHERE programme_no = ?1 AND id < ?2 ORDER BY id DESC LIMIT (SELECT ?3)
