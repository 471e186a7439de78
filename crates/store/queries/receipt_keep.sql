-- Keeps the answer of programme ?1 under key ?2 (fingerprint ?3, status ?4, body ?5, now ?6),
-- unless there is one.
INSERT INTO answering (programme_no, name, fingerprint, what, status, body, recorded_at) VALUES (?1, ?2, ?3, 'receipt', ?4, ?5, ?6)
