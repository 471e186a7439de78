-- Holds and debts of members, and what it takes to find the entries that are captured, released or undone.
-- member.balance is what is left in all lots; the ledger's balance is that less the debt.

ALTER TABLE member ADD COLUMN debt INTEGER NOT NULL DEFAULT 0 CHECK (debt >= 0)
-- then
-- What else belongs to a member's state, a JSON object; null when there is nothing, as for nearly every member.
-- holds: [[entry id, document, until, [[lot, points], …]], …]
ALTER TABLE member ADD COLUMN state TEXT
-- then
-- Entries that are named by their id.
CREATE UNIQUE INDEX IF NOT EXISTS entry_named ON entry (programme_no, id) WHERE kind IN ('hold', 'capture', 'redeem')
-- then
-- Entries that resolve or undo another one.
CREATE INDEX IF NOT EXISTS entry_corrects ON entry (programme_no, json_extract(body, '$.corrects')) WHERE kind IN ('capture', 'release', 'reverse')
-- then
CREATE INDEX IF NOT EXISTS entry_expire ON entry (member_no, sequence) WHERE kind = 'expire'
-- then
-- Nobody writes through the first command table any more.
DROP VIEW IF EXISTS posting
-- then
-- Components of the version before know neither holds nor debts: what they decide for such members is skipped.
CREATE TRIGGER IF NOT EXISTS posting_v2_is_too_old INSTEAD OF INSERT ON posting_v2
BEGIN
  SELECT RAISE(IGNORE) FROM member
    WHERE programme_no = NEW.programme_no AND id = NEW.member_id AND (debt > 0 OR state IS NOT NULL);
END
-- then
-- The command table: one row is one entry with everything that goes with it. Several rows of one member are chained by
-- expected_head, so that when the first is skipped all of them are.
CREATE VIEW IF NOT EXISTS posting_v3 (
  programme_no, member_id, expected_head, claim_idem, claim_source,
  sequence, head, balance, debt, state, lots_granted, joined_at, tier, tier_since, tier_until, standing, counters, due_at,
  reminded_at, id, kind, points, occurred_at, recorded_at, body, idem, fingerprint, source, first_sequence, last_sequence,
  grants, moves, attributes
) AS SELECT
  NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_v3_commit INSTEAD OF INSERT ON posting_v3
BEGIN
  -- What must not happen is skipped: another entry came first, or the key or source is taken. A skipped row is absent from RETURNING.
  SELECT RAISE(IGNORE) WHERE
    (SELECT head FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id) IS NOT NEW.expected_head
    OR (NEW.claim_idem IS NOT NULL AND (
      EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND idem = NEW.claim_idem)
      OR EXISTS (SELECT 1 FROM refusal WHERE programme_no = NEW.programme_no AND idem = NEW.claim_idem)))
    OR (NEW.claim_source IS NOT NULL
      AND EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND source = NEW.claim_source));
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
END
