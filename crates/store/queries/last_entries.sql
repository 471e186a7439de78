-- The numbers of the last entries of members: ?1 their numbers, a JSON list.
SELECT w.value, (SELECT e.no FROM entry AS e WHERE e.member_no = w.value ORDER BY e.sequence DESC LIMIT 1)
FROM json_each(?1) AS w
