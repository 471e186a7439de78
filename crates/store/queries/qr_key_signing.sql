-- The QR key by which store ?2 of programme ?1 signs: the last one that is not retired.
SELECT k.kid, k.store, k.label, k.created_at, k.created_by, k.retired_at, k.retired_by, k.leaked_at, k.secret, k.programme_no
FROM qr_key AS k
WHERE k.programme_no = ?1 AND k.store = ?2 AND k.retired_at IS NULL
ORDER BY k.created_at DESC, k.kid LIMIT 1
