-- Digests of where members of programme ?1 are reached: ?2 [[member_no, channel], …]. Returns member,
-- channel, digest.
SELECT c.member_no, c.channel, c.digest
FROM json_each(?2) AS w
CROSS JOIN contact AS c ON c.programme_no = ?1 AND c.member_no = w.value ->> 0 AND c.channel = w.value ->> 1
