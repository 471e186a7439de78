-- Puts secrets of this file that were sealed anew in place of those that were read: ?1 [[0, name, '', read, null, new,
-- null], …].
UPDATE reach_secret SET value = w.value ->> 5 FROM json_each(?1) AS w
WHERE reach_secret.name = w.value ->> 1 AND reach_secret.value = w.value ->> 3
RETURNING 1
