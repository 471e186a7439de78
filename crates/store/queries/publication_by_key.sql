-- The publication of programme ?1 that was asked for under the key ?2, which has the line of the
-- API key in front.
SELECT id, draft, base_version, at, major, role, asked_at, asked_by, state, decided_at, decided_by, published_at, approved_at, approved_by, reason, kind
FROM publication_standing WHERE programme_no = ?1 AND asked_key = ?2
