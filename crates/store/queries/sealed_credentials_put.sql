-- Puts secrets of one-time codes that were sealed anew in place of those that were read: ?1 [[programme_no, folded, '', read,
-- read_next, new, new_next], …].
UPDATE credential SET totp = w.value ->> 5, next_totp = w.value ->> 6 FROM json_each(?1) AS w
WHERE credential.programme_no = w.value ->> 0 AND credential.folded = w.value ->> 1 AND credential.totp IS w.value ->> 3
AND credential.next_totp IS w.value ->> 4
RETURNING 1
