-- The QR key ?1 with its sealed secret, of whichever programme.
SELECT kid, store, label, created_at, created_by, retired_at, retired_by, leaked_at, secret, programme_no FROM qr_key WHERE kid = ?1
