-- Tags were copied for members of programme ?1: ?2 [[number, how often], …]. Whose tags changed once
-- more meanwhile stays.
DELETE FROM tag_due WHERE programme_no = ?1 AND (member_no, times) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
