-- The members of programme ?1 that these names mean: ?2 a JSON list of ids, and of other names with ~
-- in front. Place in the list, number, id, and what became of the account: null while it is open,
-- else the id of the one that it became part of, or nothing.
SELECT w.key, m.no, m.id, m.state ->> '$.closed'
FROM json_each(?2) AS w
CROSS JOIN member AS m ON m.no = CASE WHEN substr(w.value, 1, 1) = '~'
  THEN (SELECT member_no FROM alias WHERE programme_no = ?1 AND alias = substr(w.value, 2))
  ELSE (SELECT no FROM member WHERE programme_no = ?1 AND id = w.value) END
