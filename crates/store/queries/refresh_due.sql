-- Corrects the due instants of members of programme ?1 to which nothing happened since: ?2 is [[id, head, due], …]. A due instant is derived
-- from the lots and moves no points.
UPDATE member SET due_at = w.value ->> 2
FROM json_each(?2) AS w
WHERE programme_no = ?1 AND member.id = w.value ->> 0 AND head = w.value ->> 1
