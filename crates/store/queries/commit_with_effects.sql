-- As commit.sql for postings with effects: attributes and effects are the last of the other columns.
WITH posted AS MATERIALIZED (SELECT value FROM json_each(?1)),
  parts AS MATERIALIZED (
    SELECT value -> 0 AS account, value -> 1 AS entry, value ->> 2 AS body, value -> 3 AS links, value -> 4 AS rest FROM posted
  )
INSERT INTO posting_with_effects SELECT
  account ->> 0, account ->> 1, unhex(account ->> 2), account ->> 3, account ->> 4, account ->> 5,
  unhex(account ->> 6), account ->> 7, account ->> 8, account ->> 9, account ->> 10, account ->> 11, account ->> 12,
  account ->> 13, account ->> 14, entry ->> 0, entry ->> 1, entry ->> 2, entry ->> 3, unhex(entry ->> 4),
  entry ->> 5, entry ->> 6, entry ->> 7, entry ->> 8, body, links ->> 0, unhex(links ->> 1), unhex(links ->> 2),
  links ->> 3, links ->> 4, rest ->> 0, rest ->> 1, rest ->> 2, rest ->> 3, rest ->> 4, rest ->> 5, rest ->> 6,
  rest ->> 7, rest ->> 8, rest ->> 9, rest ->> 10, rest ->> 11, rest ->> 12, rest ->> 13, rest ->> 14, rest ->> 15
FROM parts
RETURNING id
