-- The ids that names mean in the group, or null, one row per name. ?1 programme number, ?2 [[name with ~ in front, id of the programme in which it is
-- asked or null for ?1], …].
SELECT nullif((
  SELECT member_id FROM known_as WHERE programme_no = coalesce(there.no, ?1) AND alias = substr(n.value ->> 0, 2) ORDER BY distance LIMIT 1
), '')
FROM json_each(?2) AS n
LEFT JOIN programme AS there ON there.id = n.value ->> 1
ORDER BY n.id
