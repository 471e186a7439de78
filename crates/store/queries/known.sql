-- The ids that names mean in the group, or null, one row per name. ?1 programme number, ?2 [[name
-- with ~ in front, id of the programme in which it is asked or null for ?1], …], ?3 1 where a name
-- that others were told must not lead to an account that is there.
SELECT nullif((
  SELECT CASE WHEN ?3 = 1 AND k.distance > 0
    AND EXISTS (SELECT 1 FROM member AS m WHERE m.programme_no = k.programme_no AND m.id = k.member_id) THEN '' ELSE k.member_id END
  FROM known_as AS k WHERE k.programme_no = coalesce(there.no, ?1) AND k.alias = substr(n.value ->> 0, 2) ORDER BY k.distance LIMIT 1
), '')
FROM json_each(?2) AS n
LEFT JOIN programme AS there ON there.id = n.value ->> 1
ORDER BY n.id
