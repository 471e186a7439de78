-- Puts secrets of invitations that were sealed anew in place of those that were read: ?1 [[programme_no, folded, '', read,
-- null, new, null], …].
UPDATE invitation SET totp = w.value ->> 5 FROM json_each(?1) AS w
WHERE invitation.programme_no = w.value ->> 0 AND invitation.folded = w.value ->> 1 AND invitation.totp IS w.value ->> 3
RETURNING 1
