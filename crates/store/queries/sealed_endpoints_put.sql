-- Puts secrets of endpoints that were sealed anew in place of those that were read: ?1 [[programme_no, id, '', read,
-- read_before, new, new_before], …].
UPDATE endpoint SET secret = w.value ->> 5, secret_before = w.value ->> 6 FROM json_each(?1) AS w
WHERE endpoint.programme_no = w.value ->> 0 AND endpoint.id = w.value ->> 1 AND endpoint.secret = w.value ->> 3
AND endpoint.secret_before IS w.value ->> 4
RETURNING 1
