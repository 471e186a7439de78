-- Who is meant by a name, as 0012 has it and more: whoever was forgotten here is nobody here, by whatever id and whatever was merged; and the name
-- stays theirs for as long as somebody in the group knows it.

DROP VIEW IF EXISTS known_as
-- then
-- Who is meant by a name in a programme: the row with the least distance. First its own members; then whoever is known by it elsewhere in the
-- group, and rather somebody who has an account here. Accounts are merged in each programme by itself: one that was merged here stands for the one
-- it became part of, and one that was merged elsewhere only is still the person's account here. An empty id is somebody whose account here is
-- closed for good: nobody is found by that name, and nobody gets it. IN and not UNION: SQLite looks into a view that is one SELECT.
CREATE VIEW IF NOT EXISTS known_as AS
SELECT p.no AS programme_no, a.alias AS alias,
  CASE
    WHEN a.programme_no = p.no OR h.no IS NULL THEN o.id
    WHEN h.state ->> '$.closed' IS NULL THEN h.id
    ELSE ''
  END AS member_id,
  CASE
    WHEN a.programme_no = p.no THEN 0
    WHEN h.no IS NOT NULL THEN a.programme_no + ((h.state ->> '$.closed' IS NOT NULL) << 40)
    -- An id that was merged away somewhere in the group is the last that an account is opened under.
    ELSE a.programme_no + (1 << 41) + (EXISTS (
      SELECT 1 FROM kin JOIN alias AS moved ON moved.programme_no = kin.kin_no AND moved.alias = 'id:' || o.id WHERE kin.programme_no = p.no) << 42)
  END AS distance
FROM programme AS p
CROSS JOIN alias AS a ON a.programme_no IN (SELECT p.no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = p.no)
CROSS JOIN member AS o ON o.no = a.member_no
-- Of the accounts here under her ids of now and before, and of those that these were merged into: an open one, and rather under her id of now.
LEFT JOIN member AS h ON h.no = (
  SELECT s.no FROM member AS s WHERE a.programme_no <> p.no AND s.no IN (
    SELECT no FROM member WHERE programme_no = p.no AND id = o.id
    UNION ALL SELECT member_no FROM alias WHERE programme_no = p.no AND alias = 'id:' || o.id
    UNION ALL SELECT m.no FROM alias AS was JOIN member AS m ON m.programme_no = p.no AND m.id = substr(was.alias, 4)
      WHERE was.member_no = o.no AND was.alias LIKE 'id:%'
    UNION ALL SELECT moved.member_no FROM alias AS was JOIN alias AS moved ON moved.programme_no = p.no AND moved.alias = was.alias
      WHERE was.member_no = o.no AND was.alias LIKE 'id:%')
  ORDER BY s.state ->> '$.closed' IS NOT NULL, s.id <> o.id, s.no LIMIT 1)
WHERE a.programme_no = p.no OR a.alias NOT LIKE 'id:%'
-- then
-- Names that two programmes give to different members, neither of whom became the other: why the two cannot be of one group.
CREATE VIEW IF NOT EXISTS name_apart AS
SELECT a.programme_no AS programme_no, b.programme_no AS other_no, a.alias AS alias
FROM alias AS a
CROSS JOIN member AS m ON m.no = a.member_no
CROSS JOIN alias AS b ON b.alias = a.alias
CROSS JOIN member AS n ON n.no = b.member_no
WHERE a.alias NOT LIKE 'id:%' AND n.id <> m.id
  AND NOT EXISTS (SELECT 1 FROM alias WHERE programme_no = a.programme_no AND alias = 'id:' || n.id AND member_no = m.no)
  AND NOT EXISTS (SELECT 1 FROM alias WHERE programme_no = b.programme_no AND alias = 'id:' || m.id AND member_no = n.no)
