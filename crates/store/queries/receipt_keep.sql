-- Keeps the answer of programme ?1 under key ?2 (fingerprint ?3, status ?4, body ?5, now ?6),
-- unless there is one.
INSERT INTO receipt (programme_no, idem, fingerprint, status, body, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING
