-- The ledger. Instants are milliseconds since 1970 (UTC); hashes are lower-case hexadecimal.
-- Statements are separated by lines that read "-- then", as hosts execute one statement at a time.

CREATE TABLE IF NOT EXISTS programme (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  rulebook_version INTEGER NOT NULL,
  -- SHA-256 of the published document: names every copy of it.
  rulebook_digest TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT
-- then
CREATE TABLE IF NOT EXISTS rulebook (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, version)
) STRICT, WITHOUT ROWID
-- then
CREATE TABLE IF NOT EXISTS api_key (
  prefix TEXT PRIMARY KEY,
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  role TEXT NOT NULL,
  operator INTEGER NOT NULL DEFAULT 0,
  label TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS api_key_programme ON api_key (programme_no, prefix)
-- then
CREATE TABLE IF NOT EXISTS member (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  head TEXT NOT NULL,
  balance INTEGER NOT NULL CHECK (balance >= 0),
  lots_granted INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  tier TEXT,
  tier_since INTEGER,
  tier_until INTEGER,
  standing TEXT NOT NULL,
  counters TEXT NOT NULL,
  due_at INTEGER,
  reminded_at INTEGER,
  UNIQUE (programme_no, id)
) STRICT
-- then
CREATE INDEX IF NOT EXISTS member_due ON member (programme_no, due_at, no) WHERE due_at IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS member_tier_end ON member (programme_no, tier_until) WHERE tier_until IS NOT NULL
-- then
-- What a merchant tells about a member. The only mutable facts about one, and kept out of the entries, so that they can be erased.
CREATE TABLE IF NOT EXISTS profile (
  member_no INTEGER PRIMARY KEY REFERENCES member (no),
  attributes TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
-- then
CREATE TABLE IF NOT EXISTS lot (
  member_no INTEGER NOT NULL REFERENCES member (no),
  number INTEGER NOT NULL,
  source TEXT NOT NULL,
  granted INTEGER NOT NULL CHECK (granted > 0),
  remaining INTEGER NOT NULL CHECK (remaining BETWEEN 0 AND granted),
  earned_at INTEGER NOT NULL,
  available_at INTEGER NOT NULL,
  -- 9223372036854775807 is never, so that ascending order is consumption order.
  expires_at INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  PRIMARY KEY (member_no, number)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS lot_open ON lot (member_no, expires_at, earned_at, number) WHERE remaining > 0
-- then
-- "no" counts entries of all programmes in the order of commit: the cursor of event streams.
CREATE TABLE IF NOT EXISTS entry (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  member_no INTEGER NOT NULL REFERENCES member (no),
  sequence INTEGER NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  points INTEGER NOT NULL,
  balance_after INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  -- Only on the entry that a command asked for: its idempotency key, the request's fingerprint, its source, and the entries it wrote.
  idem TEXT,
  fingerprint TEXT,
  source TEXT,
  first_sequence INTEGER,
  last_sequence INTEGER
) STRICT
-- then
CREATE UNIQUE INDEX IF NOT EXISTS entry_sequence ON entry (member_no, sequence)
-- then
CREATE UNIQUE INDEX IF NOT EXISTS entry_idem ON entry (programme_no, idem) WHERE idem IS NOT NULL
-- then
CREATE UNIQUE INDEX IF NOT EXISTS entry_source ON entry (programme_no, source) WHERE source IS NOT NULL
-- then
CREATE TRIGGER IF NOT EXISTS entry_is_never_updated BEFORE UPDATE ON entry
BEGIN
  SELECT RAISE(ABORT, 'entries are append-only');
END
-- then
CREATE TRIGGER IF NOT EXISTS entry_is_never_deleted BEFORE DELETE ON entry
BEGIN
  SELECT RAISE(ABORT, 'entries are append-only');
END
-- then
-- INSERT OR REPLACE takes rows away without firing the trigger above.
CREATE TRIGGER IF NOT EXISTS entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE no = NEW.no)
  OR EXISTS (SELECT 1 FROM entry WHERE member_no = NEW.member_no AND sequence = NEW.sequence)
  OR (NEW.idem IS NOT NULL AND EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND idem = NEW.idem))
  OR (NEW.source IS NOT NULL AND EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND source = NEW.source))
BEGIN
  SELECT RAISE(ABORT, 'entries are append-only');
END
-- then
-- Refusals that are answers: kept under their key so that a retry hears the same.
CREATE TABLE IF NOT EXISTS refusal (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  idem TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, idem)
) STRICT, WITHOUT ROWID
-- then
-- The command table: one row is one entry with everything that goes with it. Several rows of one member are chained by
-- expected_head, so that when the first is skipped all of them are.
CREATE VIEW IF NOT EXISTS posting (
  programme_no, member_id, expected_head, claim_idem, claim_source,
  sequence, head, balance, lots_granted, joined_at, tier, tier_since, tier_until, standing, counters, due_at, reminded_at,
  id, kind, points, occurred_at, recorded_at, body, idem, fingerprint, source, first_sequence, last_sequence,
  grants, draws, activations, attributes
) AS SELECT
  NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_commit INSTEAD OF INSERT ON posting
BEGIN
  -- What must not happen is skipped: another entry came first, or the key or source is taken. A skipped row is absent from RETURNING.
  SELECT RAISE(IGNORE) WHERE
    (SELECT head FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id) IS NOT NEW.expected_head
    OR (NEW.claim_idem IS NOT NULL AND (
      EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND idem = NEW.claim_idem)
      OR EXISTS (SELECT 1 FROM refusal WHERE programme_no = NEW.programme_no AND idem = NEW.claim_idem)))
    OR (NEW.claim_source IS NOT NULL
      AND EXISTS (SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND source = NEW.claim_source));
  INSERT INTO member (programme_no, id, sequence, head, balance, lots_granted, joined_at, tier, tier_since, tier_until,
      standing, counters, due_at, reminded_at)
    VALUES (NEW.programme_no, NEW.member_id, NEW.sequence, NEW.head, NEW.balance, NEW.lots_granted, NEW.joined_at, NEW.tier,
      NEW.tier_since, NEW.tier_until, NEW.standing, NEW.counters, NEW.due_at, NEW.reminded_at)
    ON CONFLICT (programme_no, id) DO UPDATE SET sequence = excluded.sequence, head = excluded.head, balance = excluded.balance,
      lots_granted = excluded.lots_granted, tier = excluded.tier, tier_since = excluded.tier_since,
      standing = excluded.standing, counters = excluded.counters, reminded_at = excluded.reminded_at;
  -- Indexed columns only when they change: an index entry is rewritten whenever its column is named in an UPDATE.
  UPDATE member SET due_at = NEW.due_at, tier_until = NEW.tier_until
    WHERE programme_no = NEW.programme_no AND id = NEW.member_id
    AND (due_at IS NOT NEW.due_at OR tier_until IS NOT NEW.tier_until);
  INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body,
      idem, fingerprint, source, first_sequence, last_sequence)
    SELECT NEW.programme_no, no, NEW.sequence, NEW.id, NEW.kind, NEW.points, NEW.balance, NEW.occurred_at, NEW.recorded_at, NEW.head,
      NEW.body, NEW.idem, NEW.fingerprint, NEW.source, NEW.first_sequence, NEW.last_sequence
    FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id;
  INSERT INTO lot (member_no, number, source, granted, remaining, earned_at, available_at, expires_at, pending)
    SELECT no, value ->> 0, value ->> 1, value ->> 2, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(NEW.grants), member
    WHERE NEW.grants IS NOT NULL AND programme_no = NEW.programme_no AND member.id = NEW.member_id;
  -- The subqueries keep SQLite from walking every lot the member ever had: LIMIT makes them lists that each lot is looked up from.
  UPDATE lot SET remaining = remaining - draw.points
    FROM (SELECT no, value ->> 0 AS number, value ->> 1 AS points FROM json_each(NEW.draws), member
      WHERE NEW.draws IS NOT NULL AND programme_no = NEW.programme_no AND member.id = NEW.member_id LIMIT -1) AS draw
    WHERE lot.member_no = draw.no AND lot.number = draw.number;
  UPDATE lot SET pending = 0
    FROM (SELECT no, value ->> 0 AS number FROM json_each(NEW.activations), member
      WHERE NEW.activations IS NOT NULL AND programme_no = NEW.programme_no AND member.id = NEW.member_id LIMIT -1) AS activation
    WHERE lot.member_no = activation.no AND lot.number = activation.number;
  INSERT INTO profile (member_no, attributes, updated_at)
    SELECT no, NEW.attributes, NEW.recorded_at FROM member
    WHERE NEW.attributes IS NOT NULL AND programme_no = NEW.programme_no AND id = NEW.member_id
    ON CONFLICT (member_no) DO UPDATE SET attributes = excluded.attributes, updated_at = excluded.updated_at;
END
-- then
-- Publishing: creates the programme or moves it on to its next rulebook, in one statement.
CREATE VIEW IF NOT EXISTS publication (programme_id, name, expected_version, document, digest, published_at, published_by)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS publication_commit INSTEAD OF INSERT ON publication
BEGIN
  SELECT RAISE(IGNORE) WHERE
    coalesce((SELECT rulebook_version FROM programme WHERE id = NEW.programme_id), 0) IS NOT NEW.expected_version;
  INSERT INTO programme (id, name, rulebook_version, rulebook_digest, created_at)
    VALUES (NEW.programme_id, NEW.name, NEW.expected_version + 1, NEW.digest, NEW.published_at)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, rulebook_version = excluded.rulebook_version,
      rulebook_digest = excluded.rulebook_digest;
  INSERT INTO rulebook (programme_no, version, document, published_at, published_by)
    SELECT no, NEW.expected_version + 1, NEW.document, NEW.published_at, NEW.published_by FROM programme WHERE id = NEW.programme_id;
END
-- then
-- Where a chunked job goes on.
CREATE TABLE IF NOT EXISTS job (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  name TEXT NOT NULL,
  position TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, name)
) STRICT, WITHOUT ROWID
-- then
-- Where events are sent. "position" is the last entry.no that was delivered or parked.
CREATE TABLE IF NOT EXISTS endpoint (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  -- A JSON array of entry kinds; null is all.
  kinds TEXT,
  position INTEGER NOT NULL,
  -- Attempts that failed since the last one that succeeded, and from when on the endpoint may be tried again.
  failures INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER NOT NULL DEFAULT 0,
  disabled_at INTEGER,
  disabled_because TEXT,
  -- Who may deliver, and until when: a run that lost its lease can write nothing any more.
  lease TEXT NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- Events an endpoint has not taken. Of one member: 'retry' is the next to be sent, 'waiting' follows it in order, 'dead' was given up and
-- waits for a replay by hand.
CREATE TABLE IF NOT EXISTS parked_event (
  programme_no INTEGER NOT NULL,
  endpoint_id TEXT NOT NULL,
  entry_no INTEGER NOT NULL REFERENCES entry (no),
  member_no INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('retry', 'waiting', 'dead')),
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  PRIMARY KEY (programme_no, endpoint_id, entry_no)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS parked_event_member ON parked_event (programme_no, endpoint_id, member_no, entry_no) WHERE state <> 'dead'
-- then
CREATE INDEX IF NOT EXISTS parked_event_retry ON parked_event (programme_no, endpoint_id, next_attempt_at, entry_no) WHERE state = 'retry'
-- then
CREATE INDEX IF NOT EXISTS parked_event_dead ON parked_event (programme_no, endpoint_id, entry_no) WHERE state = 'dead'
-- then
CREATE TRIGGER IF NOT EXISTS endpoint_takes_its_parked_events_along AFTER DELETE ON endpoint
BEGIN
  DELETE FROM parked_event WHERE programme_no = OLD.programme_no AND endpoint_id = OLD.id;
END
-- then
-- The command table of event delivery: one row is what became of one wave of events, written wholly, or not at all when the lease is lost.
-- settled: [[entry_no, member_no], …] parked events to take away; parked: [[entry_no, member_no, state, attempts, next_attempt_at, last_error], …].
CREATE VIEW IF NOT EXISTS delivery (
  programme_no, endpoint_id, lease, now, leased_until, position, failures, retry_at, disabled_because, settled, parked
) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS delivery_commit INSTEAD OF INSERT ON delivery
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS
    (SELECT 1 FROM endpoint WHERE programme_no = NEW.programme_no AND id = NEW.endpoint_id AND lease = NEW.lease);
  DELETE FROM parked_event
    WHERE programme_no = NEW.programme_no AND endpoint_id = NEW.endpoint_id
    AND entry_no IN (SELECT value ->> 0 FROM json_each(NEW.settled));
  INSERT INTO parked_event (programme_no, endpoint_id, entry_no, member_no, state, attempts, next_attempt_at, last_error)
    SELECT NEW.programme_no, NEW.endpoint_id, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
    FROM json_each(NEW.parked) WHERE true
    ON CONFLICT (programme_no, endpoint_id, entry_no) DO UPDATE SET
      state = excluded.state, attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at, last_error = excluded.last_error;
  -- The first that is left of each member touched is the next to be sent.
  UPDATE parked_event SET state = 'retry', next_attempt_at = NEW.now
    WHERE programme_no = NEW.programme_no AND endpoint_id = NEW.endpoint_id AND state = 'waiting'
    AND entry_no IN (
      SELECT (SELECT min(first.entry_no) FROM parked_event AS first
        WHERE first.programme_no = NEW.programme_no AND first.endpoint_id = NEW.endpoint_id
        AND first.member_no = touched.member_no AND first.state <> 'dead')
      FROM (SELECT value ->> 1 AS member_no FROM json_each(NEW.settled) UNION SELECT value ->> 1 FROM json_each(NEW.parked)) AS touched);
  UPDATE endpoint SET position = NEW.position, leased_until = NEW.leased_until, failures = NEW.failures, retry_at = NEW.retry_at,
      disabled_at = CASE WHEN NEW.disabled_because IS NULL THEN disabled_at ELSE NEW.now END,
      disabled_because = coalesce(NEW.disabled_because, disabled_because)
    WHERE programme_no = NEW.programme_no AND id = NEW.endpoint_id;
END
