-- Programmes of a group know each other's members by their names, and exchange points: one decision has entries in two programmes.

-- Which group a programme belongs to.
CREATE TABLE IF NOT EXISTS programme_group (
  programme_no INTEGER PRIMARY KEY REFERENCES programme (no),
  group_id TEXT NOT NULL
) STRICT
-- then
CREATE INDEX IF NOT EXISTS programme_group_id ON programme_group (group_id)
-- then
-- The other programmes of a programme's group.
CREATE VIEW IF NOT EXISTS kin AS
SELECT own.programme_no, other.programme_no AS kin_no
FROM programme_group AS own
JOIN programme_group AS other ON other.group_id = own.group_id AND other.programme_no <> own.programme_no
-- then
-- Who is meant by a name in a programme: the row with the least distance. First its own members; then whoever is known by it elsewhere in the
-- group, and rather somebody who has an account here. Accounts are merged in each programme by itself: one that was merged here stands for the one
-- it became part of, and one that was merged elsewhere only is still the person's account here. IN and not UNION: SQLite looks into a view that is
-- one SELECT.
CREATE VIEW IF NOT EXISTS known_as AS
SELECT p.no AS programme_no, a.alias AS alias,
  CASE WHEN a.programme_no = p.no THEN o.id ELSE coalesce(
    (SELECT s.id FROM alias AS moved JOIN member AS s ON s.no = moved.member_no WHERE moved.programme_no = p.no AND moved.alias = 'id:' || o.id),
    (SELECT h.id FROM member AS h WHERE h.programme_no = p.no AND h.id = o.id),
    (SELECT h.id FROM alias AS was JOIN member AS h ON h.programme_no = p.no AND h.id = substr(was.alias, 4)
      WHERE was.member_no = o.no AND was.alias LIKE 'id:%' ORDER BY h.no LIMIT 1),
    o.id
  ) END AS member_id,
  CASE
    WHEN a.programme_no = p.no THEN 0
    WHEN EXISTS (SELECT 1 FROM member AS h WHERE h.programme_no = p.no AND h.id = o.id) THEN a.programme_no
    ELSE a.programme_no + (1 << 40)
  END AS distance
FROM programme AS p
CROSS JOIN alias AS a ON a.programme_no IN (SELECT p.no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = p.no)
CROSS JOIN member AS o ON o.no = a.member_no
-- Who was forgotten here is not told by what others remember.
WHERE a.programme_no = p.no OR (a.alias NOT LIKE 'id:%' AND NOT EXISTS (
  SELECT 1 FROM member AS f WHERE f.programme_no = p.no AND f.id = o.id AND json_extract(f.state, '$.closed') = ''))
-- then
-- For reports on exchanges, of which there are few beside everything else.
CREATE INDEX IF NOT EXISTS entry_exchanged ON entry (programme_no) WHERE kind = 'exchange'
-- then
-- The command table: one row is one entry with everything that goes with it. Several rows of one member are chained by
-- expected_head, so that when the first is skipped all of them are.
CREATE VIEW IF NOT EXISTS posting_v5 (
  programme_no, member_id, expected_head, claim_idem, claim_source,
  sequence, head, balance, debt, state, lots_granted, joined_at, tier, tier_since, tier_until, standing, counters, due_at,
  reminded_at, id, kind, points, occurred_at, recorded_at, body, idem, fingerprint, source, first_sequence, last_sequence,
  grants, moves, attributes, effects
) AS SELECT
  NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_v5_commit INSTEAD OF INSERT ON posting_v5
BEGIN
  -- What must not happen is skipped: another entry came first, or the key or source is taken. A skipped row is absent from RETURNING.
  SELECT RAISE(IGNORE) WHERE
    (SELECT head FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id) IS NOT NEW.expected_head
    OR (NEW.claim_idem IS NOT NULL AND (
      EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND idem = NEW.claim_idem)
      OR EXISTS (SELECT 1 FROM refusal WHERE programme_no = NEW.programme_no AND idem = NEW.claim_idem)))
    OR (NEW.claim_source IS NOT NULL
      AND EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND source = NEW.claim_source))
    -- Another member that the decision was made on has moved on; a counter is full; a reward was changed; an alias is somebody else's.
    OR (NEW.effects IS NOT NULL AND (
      EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.others') WHERE
        (SELECT head FROM member WHERE programme_no = coalesce(value ->> 2, NEW.programme_no) AND id = value ->> 0) IS NOT value ->> 1)
      OR EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.tallies') WHERE value ->> 5 IS NOT NULL AND value ->> 4 + coalesce(
        (SELECT amount FROM tally WHERE programme_no = NEW.programme_no AND subject = value ->> 0 AND name = value ->> 1 AND period = value ->> 2), 0)
        > value ->> 5)
      OR (NEW.effects -> '$.reward' IS NOT NULL
        AND (SELECT version FROM reward WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.reward[0]') IS NOT NEW.effects ->> '$.reward[1]')
      OR EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.aliases') AS a WHERE NEW.member_id <> coalesce(
        (SELECT member_id FROM known_as WHERE programme_no = NEW.programme_no AND alias = a.value ORDER BY distance LIMIT 1), NEW.member_id))));
  INSERT INTO member (programme_no, id, sequence, head, balance, debt, state, lots_granted, joined_at, tier, tier_since,
      tier_until, standing, counters, due_at, reminded_at)
    VALUES (NEW.programme_no, NEW.member_id, NEW.sequence, NEW.head, NEW.balance + NEW.debt, NEW.debt, NEW.state, NEW.lots_granted,
      NEW.joined_at, NEW.tier, NEW.tier_since, NEW.tier_until, NEW.standing, NEW.counters, NEW.due_at, NEW.reminded_at)
    ON CONFLICT (programme_no, id) DO UPDATE SET sequence = excluded.sequence, head = excluded.head, balance = excluded.balance,
      debt = excluded.debt, state = excluded.state, lots_granted = excluded.lots_granted, tier = excluded.tier, tier_since = excluded.tier_since,
      standing = excluded.standing, counters = excluded.counters, reminded_at = excluded.reminded_at;
  -- Indexed columns only when they change: an index entry is rewritten whenever its column is named in an UPDATE.
  UPDATE member SET due_at = NEW.due_at, tier_until = NEW.tier_until
    WHERE programme_no = NEW.programme_no AND id = NEW.member_id
    AND (due_at IS NOT NEW.due_at OR tier_until IS NOT NEW.tier_until);
  -- VALUES, not SELECT: as entry has triggers, SQLite would pass selected rows through a temporary table.
  INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body,
      idem, fingerprint, source, first_sequence, last_sequence)
    VALUES (NEW.programme_no, (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id), NEW.sequence,
      NEW.id, NEW.kind, NEW.points, NEW.balance, NEW.occurred_at, NEW.recorded_at, NEW.head, NEW.body,
      NEW.idem, NEW.fingerprint, NEW.source, NEW.first_sequence, NEW.last_sequence);
  INSERT INTO lot (member_no, number, source, granted, remaining, earned_at, available_at, expires_at, pending)
    SELECT no, value ->> 0, value ->> 1, value ->> 2, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(NEW.grants), member
    WHERE NEW.grants IS NOT NULL AND programme_no = NEW.programme_no AND member.id = NEW.member_id;
  -- moves: [[lot, points drawn (negative when they come back), 1 when it becomes active, new available_at and expires_at if any], …]. The subquery keeps SQLite from walking every lot the member ever had:
  -- LIMIT makes it a list that each lot is looked up from.
  UPDATE lot SET remaining = remaining - move.drawn, pending = pending AND NOT move.activated,
      available_at = coalesce(move.from_at, available_at), expires_at = coalesce(move.to_at, expires_at)
    FROM (SELECT no, value ->> 0 AS number, value ->> 1 AS drawn, value ->> 2 AS activated, value ->> 3 AS from_at, value ->> 4 AS to_at
      FROM json_each(NEW.moves), member
      WHERE NEW.moves IS NOT NULL AND programme_no = NEW.programme_no AND member.id = NEW.member_id LIMIT -1) AS move
    WHERE lot.member_no = move.no AND lot.number = move.number;
  INSERT INTO profile (member_no, attributes, updated_at)
    SELECT no, NEW.attributes, NEW.recorded_at FROM member
    WHERE NEW.attributes IS NOT NULL AND programme_no = NEW.programme_no AND id = NEW.member_id
    ON CONFLICT (member_no) DO UPDATE SET attributes = excluded.attributes, updated_at = excluded.updated_at;
  -- What few entries do outside their member has a command table of its own: the frame of this trigger stays small, and so does the time of
  -- all the others.
  INSERT INTO posting_v4_effects (programme_no, member_id, sequence, id, kind, effects)
    SELECT NEW.programme_no, NEW.member_id, NEW.sequence, NEW.id, NEW.kind, NEW.effects
    WHERE NEW.effects IS NOT NULL OR NEW.kind = 'erase';
END
-- then
DROP VIEW IF EXISTS posting_v4
