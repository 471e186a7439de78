-- As commit.sql for expiries of programme ?1 that nobody asked for; ?2 [[member id, further columns
-- of posting_of_expiry], …]. CROSS JOIN: each row looks its member up.
WITH posted AS MATERIALIZED (SELECT value FROM json_each(?2))
INSERT INTO posting_of_expiry SELECT
  m.programme_no, m.no, unhex(value ->> 1), value ->> 2, unhex(value ->> 3), value ->> 4, value ->> 5, value ->> 6, value ->> 7,
  unhex(value ->> 8), value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13
FROM posted CROSS JOIN member AS m ON m.programme_no = ?1 AND m.id = value ->> 0
RETURNING id
