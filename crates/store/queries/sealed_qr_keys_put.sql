-- Puts secrets of QR keys that were sealed anew in place of those that were read: ?1 [[programme_no, kid, '', read, null, new,
-- null], …].
UPDATE qr_key SET secret = w.value ->> 5 FROM json_each(?1) AS w WHERE qr_key.kid = w.value ->> 1 AND qr_key.secret = w.value ->> 3
RETURNING 1
