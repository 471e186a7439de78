-- At least as many as the open lots of each of the members ?2 (an array of ids) of programme ?1, in
-- order: those ever granted where they are few, else the open ones.
SELECT CASE WHEN m.lots_granted <= 64 THEN m.lots_granted ELSE (SELECT count(*) FROM lot INDEXED BY lot_open WHERE member_no = m.no AND remaining > 0) END
FROM json_each(?2) AS w LEFT JOIN member AS m ON m.programme_no = ?1 AND m.id = w.value
ORDER BY w.id
