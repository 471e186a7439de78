-- Who is meant by a name, as 0012 has it and more: an id that became another one in any programme of the group is the same person's; whoever was
-- forgotten is nobody here, by whatever id; and a name stays a person's for as long as somebody in the group knows it.

DROP VIEW IF EXISTS known_as
-- then
-- Who is meant by a name in a programme: the row with the least distance. First its own members; then whoever is known by it elsewhere in the
-- group: the account that she has here, or the id that she gets one under. An empty id is somebody whose account here is closed for good: nobody is
-- found by that name, and nobody gets it. What a name leads to does not depend on who tells it. The inner SELECT names what it is sorted by, as
-- SQLite before 3.50 does not find columns of the outer one there.
CREATE VIEW IF NOT EXISTS known_as AS
SELECT p.no AS programme_no, a.alias AS alias, CASE WHEN a.programme_no = p.no THEN o.id ELSE (
    -- Her ids in the group: what this one became somewhere, and what became this one.
    WITH RECURSIVE same (id) AS (
      SELECT o.id
      UNION
      SELECT s.id FROM same CROSS JOIN alias AS was ON was.alias = 'id:' || same.id
        AND was.programme_no IN (SELECT p.no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = p.no)
        CROSS JOIN member AS s ON s.no = was.member_no
      UNION
      SELECT substr(was.alias, 4) FROM same CROSS JOIN member AS s ON s.id = same.id
        AND s.programme_no IN (SELECT p.no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = p.no)
        CROSS JOIN alias AS was ON was.member_no = s.no AND was.alias LIKE 'id:%'
    )
    SELECT CASE WHEN state = 'closed' THEN '' ELSE id END FROM (
      SELECT same.id AS id, h.no AS account,
        CASE WHEN h.no IS NULL THEN 'none' WHEN h.state ->> '$.closed' IS NULL THEN 'open' ELSE 'closed' END AS state,
        -- An id that became another one elsewhere is the last to be taken.
        EXISTS (SELECT 1 FROM alias AS was WHERE was.alias = 'id:' || same.id
          AND was.programme_no IN (SELECT kin_no FROM kin WHERE kin.programme_no = p.no)) AS is_former
      FROM same LEFT JOIN member AS h ON h.programme_no = p.no AND h.id = same.id
    ) ORDER BY state = 'open' DESC, state = 'closed' DESC, is_former, account, id LIMIT 1
  ) END AS member_id,
  CASE WHEN a.programme_no = p.no THEN 0 ELSE a.programme_no END AS distance
FROM programme AS p
-- IN and not UNION: SQLite looks into a view that is one SELECT.
CROSS JOIN alias AS a ON a.programme_no IN (SELECT p.no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = p.no)
CROSS JOIN member AS o ON o.no = a.member_no
WHERE a.programme_no = p.no OR a.alias NOT LIKE 'id:%'
-- then
-- Names that two programmes give to members who are not the same person by any merger in the group of the other: why the two cannot be of one group.
CREATE VIEW IF NOT EXISTS name_apart AS
SELECT a.programme_no AS programme_no, b.programme_no AS other_no, a.alias AS alias
FROM alias AS a
CROSS JOIN member AS m ON m.no = a.member_no
CROSS JOIN alias AS b ON b.alias = a.alias
CROSS JOIN member AS n ON n.no = b.member_no
WHERE a.alias NOT LIKE 'id:%' AND n.id <> m.id AND n.id NOT IN (
  WITH RECURSIVE same (id) AS (
    SELECT m.id
    UNION
    SELECT s.id FROM same CROSS JOIN alias AS was ON was.alias = 'id:' || same.id AND was.programme_no IN (
        SELECT a.programme_no UNION ALL SELECT b.programme_no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = b.programme_no)
      CROSS JOIN member AS s ON s.no = was.member_no
    UNION
    SELECT substr(was.alias, 4) FROM same CROSS JOIN member AS s ON s.id = same.id AND s.programme_no IN (
        SELECT a.programme_no UNION ALL SELECT b.programme_no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = b.programme_no)
      CROSS JOIN alias AS was ON was.member_no = s.no AND was.alias LIKE 'id:%'
  )
  SELECT id FROM same
)
-- then
-- Which ids became one member outlives the account: others of the group go by it, and by it alone they know that a name leads to somebody who was
-- forgotten here. Ids tell nobody who it was. All other names of whoever is erased go.
CREATE TRIGGER IF NOT EXISTS merged_ids_stay BEFORE DELETE ON alias WHEN OLD.alias LIKE 'id:%' BEGIN SELECT RAISE(IGNORE); END
