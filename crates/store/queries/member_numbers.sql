-- The numbers of members, by programme and id: ?1 [[programme_no, id], …]. Place in the list, number.
SELECT w.key, m.no
FROM json_each(?1) AS w
CROSS JOIN member AS m ON m.programme_no = w.value ->> 0 AND m.id = w.value ->> 1
