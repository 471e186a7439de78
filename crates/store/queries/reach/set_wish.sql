-- Members come into sets and leave them; columns of the view: ?1 [[…], …]. A row for each change.
INSERT INTO set_wish
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
FROM json_each(?1) ORDER BY key
RETURNING member_no
