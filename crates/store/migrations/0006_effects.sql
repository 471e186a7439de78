-- What commands do outside their member: counters of the whole programme (devices, stock), other members that one decision touches, what
-- devices and addresses commands came from, other names of members, the catalogue and its coupons.

-- Who shares a counter is guarded by the counter itself: see the command table below.
CREATE TABLE IF NOT EXISTS tally (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  subject TEXT NOT NULL,
  name TEXT NOT NULL,
  period INTEGER NOT NULL,
  -- No CHECK: what is given back is inserted before it meets the row that it is subtracted from. The audit asks.
  amount INTEGER NOT NULL,
  PRIMARY KEY (programme_no, subject, name, period)
) STRICT, WITHOUT ROWID
-- then
-- From which device and address an entry was asked for. Says who somebody is, so it is kept out of the entries and can be erased.
CREATE TABLE IF NOT EXISTS trace (
  entry_no INTEGER PRIMARY KEY REFERENCES entry (no),
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL REFERENCES member (no),
  device TEXT,
  ip TEXT
) STRICT
-- then
CREATE INDEX IF NOT EXISTS trace_member ON trace (member_no, entry_no)
-- then
CREATE INDEX IF NOT EXISTS trace_device ON trace (programme_no, device, entry_no) WHERE device IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS trace_ip ON trace (programme_no, ip, entry_no) WHERE ip IS NOT NULL
-- then
-- Other names of members: a phone number, an openid, a card.
CREATE TABLE IF NOT EXISTS alias (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  alias TEXT NOT NULL,
  member_no INTEGER NOT NULL REFERENCES member (no),
  PRIMARY KEY (programme_no, alias)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS alias_member ON alias (member_no)
-- then
-- The catalogue. What was taken of a reward is a tally.
CREATE TABLE IF NOT EXISTS reward (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- Whose coupon a code is. What became of it is in the member's entries.
CREATE TABLE IF NOT EXISTS coupon (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  code TEXT NOT NULL,
  member_no INTEGER NOT NULL REFERENCES member (no),
  PRIMARY KEY (programme_no, code)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS coupon_member ON coupon (member_no)
-- then
-- Earns that had to be looked at, by the ids of their entries. An index over all earns would cost every one of them.
CREATE TABLE IF NOT EXISTS review (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  entry_id TEXT NOT NULL,
  entry_no INTEGER NOT NULL REFERENCES entry (no),
  PRIMARY KEY (programme_no, entry_id)
) STRICT, WITHOUT ROWID
-- then
-- Entries that are named by their id, and those that belong to one of another member.
DROP INDEX IF EXISTS entry_named_2
-- then
CREATE UNIQUE INDEX IF NOT EXISTS entry_named_3 ON entry (programme_no, id) WHERE kind IN ('hold', 'capture', 'redeem', 'request', 'transfer', 'coupon_redeem')
-- then
CREATE INDEX IF NOT EXISTS entry_transferred ON entry (programme_no, json_extract(body, '$.cause')) WHERE kind = 'transfer'
-- then
DROP VIEW IF EXISTS posting_v2
-- then
-- What an entry does outside its member; effects is an object, see effects.rs. Only the command table below writes to it.
CREATE VIEW IF NOT EXISTS posting_v4_effects (programme_no, member_id, sequence, id, kind, effects)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_v4_effects_commit INSTEAD OF INSERT ON posting_v4_effects
BEGIN
  INSERT INTO tally (programme_no, subject, name, period, amount)
    SELECT NEW.programme_no, value ->> 0, value ->> 1, value ->> 2, value ->> 4 FROM json_each(NEW.effects, '$.tallies') WHERE NEW.effects IS NOT NULL
    ON CONFLICT (programme_no, subject, name, period) DO UPDATE SET amount = amount + excluded.amount;
  DELETE FROM tally WHERE NEW.effects IS NOT NULL AND programme_no = NEW.programme_no AND (subject, name, period) IN (
    SELECT old.subject, old.name, old.period FROM json_each(NEW.effects, '$.tallies')
    CROSS JOIN tally AS old ON old.programme_no = NEW.programme_no AND old.subject = value ->> 0 AND old.name = value ->> 1 AND old.period < value ->> 3);
  INSERT INTO trace (entry_no, programme_no, member_no, device, ip)
    SELECT entry.no, NEW.programme_no, member.no, NEW.effects ->> '$.trace[0]', NEW.effects ->> '$.trace[1]'
    FROM member JOIN entry ON entry.member_no = member.no AND entry.sequence = NEW.sequence
    WHERE NEW.effects -> '$.trace' IS NOT NULL AND member.programme_no = NEW.programme_no AND member.id = NEW.member_id;
  INSERT INTO review (programme_no, entry_id, entry_no)
    SELECT NEW.programme_no, NEW.id, entry.no
    FROM member JOIN entry ON entry.member_no = member.no AND entry.sequence = NEW.sequence
    WHERE NEW.effects -> '$.review' IS NOT NULL AND member.programme_no = NEW.programme_no AND member.id = NEW.member_id;
  INSERT INTO coupon (programme_no, code, member_no)
    SELECT NEW.programme_no, value, member.no FROM json_each(NEW.effects, '$.coupons'), member
    WHERE NEW.effects IS NOT NULL AND member.programme_no = NEW.programme_no AND member.id = NEW.member_id;
  -- The ids of members that became part of this one stay.
  DELETE FROM alias WHERE NEW.effects -> '$.aliases' IS NOT NULL AND alias NOT LIKE 'id:%'
    AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id);
  INSERT INTO alias (programme_no, alias, member_no)
    SELECT NEW.programme_no, value, member.no FROM json_each(NEW.effects, '$.aliases'), member
    WHERE NEW.effects IS NOT NULL AND member.programme_no = NEW.programme_no AND member.id = NEW.member_id;
  -- adopts: the member that is merged into this one hands over how it is found.
  UPDATE alias SET member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id)
    WHERE NEW.effects -> '$.adopts' IS NOT NULL
    AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.adopts');
  INSERT OR IGNORE INTO alias (programme_no, alias, member_no)
    SELECT NEW.programme_no, 'id:' || (NEW.effects ->> '$.adopts'), no FROM member
    WHERE NEW.effects -> '$.adopts' IS NOT NULL AND programme_no = NEW.programme_no AND id = NEW.member_id;
  UPDATE OR IGNORE profile SET member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id)
    WHERE NEW.effects -> '$.adopts' IS NOT NULL
    AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.adopts');
  DELETE FROM profile WHERE NEW.effects -> '$.adopts' IS NOT NULL
    AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.adopts');
  UPDATE trace SET member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id)
    WHERE NEW.effects -> '$.adopts' IS NOT NULL
    AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.adopts');
  UPDATE coupon SET member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id)
    WHERE NEW.effects -> '$.adopts' IS NOT NULL
    AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.adopts');
  -- Whoever is erased leaves entries, and nothing that tells who it was.
  DELETE FROM profile WHERE NEW.kind = 'erase' AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id);
  DELETE FROM alias WHERE NEW.kind = 'erase' AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id);
  DELETE FROM trace WHERE NEW.kind = 'erase' AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id);
END
-- then
-- The command table: one row is one entry with everything that goes with it. Several rows of one member are chained by
-- expected_head, so that when the first is skipped all of them are.
CREATE VIEW IF NOT EXISTS posting_v4 (
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
CREATE TRIGGER IF NOT EXISTS posting_v4_commit INSTEAD OF INSERT ON posting_v4
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
        (SELECT head FROM member WHERE programme_no = NEW.programme_no AND id = value ->> 0) IS NOT value ->> 1)
      OR EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.tallies') WHERE value ->> 5 IS NOT NULL AND value ->> 4 + coalesce(
        (SELECT amount FROM tally WHERE programme_no = NEW.programme_no AND subject = value ->> 0 AND name = value ->> 1 AND period = value ->> 2), 0)
        > value ->> 5)
      OR (NEW.effects -> '$.reward' IS NOT NULL
        AND (SELECT version FROM reward WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.reward[0]') IS NOT NEW.effects ->> '$.reward[1]')
      OR EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.aliases') AS a
        JOIN alias ON alias.programme_no = NEW.programme_no AND alias.alias = a.value
        WHERE alias.member_no IS NOT (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id))));
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
