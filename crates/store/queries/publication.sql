-- Publication ?2 of programme ?1.
SELECT id, draft, base_version, at, major, role, asked_at, asked_by, state, decided_at, decided_by, published_at, approved_at, approved_by, reason, kind
FROM publication_standing WHERE programme_no = ?1 AND id = ?2
