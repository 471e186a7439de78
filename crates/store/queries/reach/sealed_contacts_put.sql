-- Puts addresses that were sealed anew in place of those that were read: ?1 [[programme_no, member_no, channel, read, null,
-- new, null], …].
UPDATE contact SET address = w.value ->> 5 FROM json_each(?1) AS w
WHERE contact.programme_no = w.value ->> 0 AND contact.member_no = w.value ->> 1 AND contact.channel = w.value ->> 2
AND contact.address = w.value ->> 3
RETURNING 1
