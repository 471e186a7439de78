-- QR keys of programme ?1 after ?3, at most ?4: those of store ?2, or of all stores (null).
SELECT k.kid, k.store, k.label, k.created_at, k.created_by, k.retired_at, k.retired_by, k.leaked_at, k.secret, k.programme_no
FROM qr_key AS k
WHERE k.programme_no = ?1 AND k.kid > ?3 AND (?2 IS NULL OR k.store = ?2)
ORDER BY k.kid LIMIT (SELECT ?4)
