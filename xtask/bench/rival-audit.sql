-- The rival keeps its books, too, or its figures would not count: prints the number of members
-- whose books are broken.
SELECT count(*)
FROM member m
WHERE m.balance <> (SELECT sum(e.points) FROM entry e WHERE e.member_id = m.member_id)
   OR m.balance <> (SELECT sum(l.remaining) FROM lot l WHERE l.member_id = m.member_id)
   OR m.sequence <> (SELECT count(*) FROM entry e WHERE e.member_id = m.member_id);
