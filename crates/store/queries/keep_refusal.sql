-- Keeps a refusal under its key unless the key is taken. ?1 programme, ?2 idem, ?3 fingerprint, ?4 id, ?5 body, ?6 now
INSERT INTO refusal (programme_no, idem, fingerprint, id, body, recorded_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE NOT EXISTS (SELECT 1 FROM entry WHERE programme_no = ?1 AND idem = ?2)
ON CONFLICT DO NOTHING
RETURNING id
