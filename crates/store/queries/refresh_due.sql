-- Corrects the due instants of members of programme ?1 to which nothing happened since: ?2 is [[id,
-- head, due], …]. A due instant is derived from the lots and moves no points. LIMIT makes the list
-- one that each member is looked up from; SQLite would walk all members for each row of it
-- otherwise.
UPDATE member SET due_at = w.due
FROM (SELECT value ->> 0 AS id, value ->> 1 AS head, value ->> 2 AS due FROM json_each(?2) LIMIT -1) AS w
WHERE programme_no = ?1 AND member.id = w.id AND member.head = unhex(w.head)
