-- Keeps events, columns in the order of the view: ?1 [[…], …]. Returns those that are new: day, key.
INSERT INTO behaviour_report
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10
FROM json_each(?1) ORDER BY key
RETURNING day, key
