-- Makes QR key ?1 of store ?3 of programme ?2 with label ?4 and sealed secret ?5 at ?6 by ?7, who ?8: where the
-- store is registered and has fewer than ?9 keys that are not retired. Returns nothing otherwise, or when the name is taken.
INSERT INTO qr_key (kid, programme_no, store, label, secret, created_at, created_by, who)
SELECT ?1, s.programme_no, s.id, ?4, ?5, ?6, ?7, ?8
FROM store AS s
WHERE s.programme_no = ?2 AND s.id = ?3
AND (SELECT count(*) FROM qr_key WHERE programme_no = ?2 AND store = ?3 AND retired_at IS NULL) < ?9
ON CONFLICT DO NOTHING
RETURNING kid
