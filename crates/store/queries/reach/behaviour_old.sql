-- Which programmes have events of before a day: ?1 [[programme_no, day], …]. Programme, day.
SELECT w.value ->> 0, w.value ->> 1
FROM json_each(?1) AS w
WHERE EXISTS (SELECT 1 FROM behaviour AS b WHERE b.programme_no = w.value ->> 0 AND b.day < w.value ->> 1)
