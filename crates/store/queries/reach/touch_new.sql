-- What happened in programme ?1 and is to be asked for at ?3: of the members of the first ?2, all of it,
-- ?4 at most: number, member, how often it was told.
SELECT o.no, o.member_no, o.told
FROM (SELECT DISTINCT member_no FROM (
  SELECT member_no FROM touch_occasion WHERE programme_no = ?1 AND ask_at <= ?3 ORDER BY ask_at, no LIMIT (SELECT ?2))) AS w
CROSS JOIN touch_occasion AS o ON o.programme_no = ?1 AND o.member_no = w.member_no
WHERE +o.ask_at <= ?3 LIMIT (SELECT ?4)
