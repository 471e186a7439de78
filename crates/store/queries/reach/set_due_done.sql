-- Sets were evaluated for members of programme ?1: ?2 [[number, change], …]. Whose facts
-- have changed again since stays.
DELETE FROM set_due WHERE programme_no = ?1 AND (member_no, change) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
