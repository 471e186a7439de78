-- Sets were evaluated for members of programme ?1: ?2 [[number, how often], …]. Whose facts changed
-- once more meanwhile stays.
DELETE FROM set_due WHERE programme_no = ?1 AND (member_no, times) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
