-- Sets of members, which are tags and segments; the members in them, and those who came and went;
-- the cuts of recency, frequency and money. As in the first file, nothing here names a table of the
-- ledger.

-- ── Sets ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS member_set (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  family TEXT NOT NULL CHECK (family IN ('tag', 'segment')),
  -- The path of a tag, the id of a segment.
  name TEXT NOT NULL,
  -- Tags: static, rule, score. Segments: static, passive, active.
  kind TEXT NOT NULL,
  -- As it was given, a JSON object.
  document TEXT NOT NULL,
  -- The condition for members in it, in CEL; null where members come in by hand.
  condition TEXT,
  refresh TEXT NOT NULL,
  lives_days INTEGER,
  is_exclusive INTEGER NOT NULL,
  -- One more with each change of what decides.
  version INTEGER NOT NULL,
  members INTEGER NOT NULL DEFAULT 0,
  -- The version by which all members were evaluated last, 0 for none, and on which local day.
  evaluated_version INTEGER NOT NULL DEFAULT 0,
  evaluated_day INTEGER,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  -- 1 since it was deleted: its members leave piece by piece, then its row.
  is_removed INTEGER NOT NULL DEFAULT 0,
  -- 1 while the published rulebook names it: then the ledger has a copy for each of its members, by
  -- which rules decide. While members are walked through as that has changed: the last one seen.
  copied INTEGER NOT NULL DEFAULT 0,
  copy_after INTEGER
) STRICT
-- then
CREATE UNIQUE INDEX IF NOT EXISTS member_set_name ON member_set (programme_no, family, name) WHERE is_removed = 0
-- then
CREATE INDEX IF NOT EXISTS member_set_removed ON member_set (programme_no, no) WHERE is_removed = 1
-- then
-- Sets whose condition was not yet evaluated for all members.
CREATE INDEX IF NOT EXISTS member_set_new ON member_set (programme_no)
  WHERE is_removed = 0 AND condition IS NOT NULL AND kind <> 'passive' AND evaluated_version <> version
-- then
-- Sets that are evaluated when facts change: each write of facts asks whether there are any.
CREATE INDEX IF NOT EXISTS member_set_on_change ON member_set (programme_no) WHERE is_removed = 0 AND refresh = 'on_change'
-- then
-- What a set was, version by version.
CREATE TABLE IF NOT EXISTS set_version (
  set_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY (set_no, version)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS member_set_made AFTER INSERT ON member_set
BEGIN
  INSERT OR IGNORE INTO set_version VALUES (NEW.no, NEW.version, NEW.document, NEW.updated_at, NEW.updated_by);
END
-- then
CREATE TRIGGER IF NOT EXISTS member_set_changed AFTER UPDATE OF version ON member_set WHEN NEW.version <> OLD.version
BEGIN
  INSERT OR IGNORE INTO set_version VALUES (NEW.no, NEW.version, NEW.document, NEW.updated_at, NEW.updated_by);
END
-- then
CREATE TRIGGER IF NOT EXISTS member_set_gone AFTER DELETE ON member_set
BEGIN
  DELETE FROM set_version WHERE set_no = OLD.no;
END
-- then
-- ── Members of sets ───────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS set_member (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  set_no INTEGER NOT NULL,
  since INTEGER NOT NULL,
  -- Null has no end. What has ended counts no more, and the next evaluation takes it away.
  until INTEGER,
  -- "rule", or the caller that set it.
  source TEXT NOT NULL,
  -- The version of the set's definition by which it was decided.
  version INTEGER NOT NULL,
  -- Of tags whose kind is score: 0 to 1000.
  score INTEGER,
  PRIMARY KEY (programme_no, member_no, set_no)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS set_member_set ON set_member (set_no, member_no)
-- then
-- The highest number of a row that is gone, of set changes, attempts and occasions. Cursors and runs
-- compare these numbers, so none is given again.
CREATE TABLE IF NOT EXISTS number_gone (
  of TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID
-- then
-- The members who came and went. Kept for 180 days.
CREATE TABLE IF NOT EXISTS set_change (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  set_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  at INTEGER NOT NULL,
  is_in INTEGER NOT NULL,
  source TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT
-- then
CREATE INDEX IF NOT EXISTS set_change_programme ON set_change (programme_no, no)
-- then
CREATE INDEX IF NOT EXISTS set_change_member ON set_change (member_no)
-- then
CREATE TRIGGER IF NOT EXISTS set_change_goes AFTER DELETE ON set_change WHEN OLD.no > coalesce((SELECT max(no) FROM set_change), 0)
BEGIN
  INSERT INTO number_gone (of, last) VALUES ('change', OLD.no) ON CONFLICT (of) DO UPDATE SET last = max(last, excluded.last);
END
-- then
-- The command table: a member comes into a set (or stays, with another end, version or score), or
-- leaves it. What is so already, or concerns an account that is closed, is left as it is.
CREATE VIEW IF NOT EXISTS set_wish (programme_no, member_no, set_no, is_in, at, until, source, version, score)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS set_wish_granted INSTEAD OF INSERT ON set_wish
BEGIN
  SELECT RAISE(IGNORE) WHERE CASE NEW.is_in
    WHEN 0 THEN NOT EXISTS (
      SELECT 1 FROM set_member WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND set_no = NEW.set_no)
    ELSE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no)
      OR NOT EXISTS (SELECT 1 FROM member_set WHERE no = NEW.set_no AND is_removed = 0)
      OR EXISTS (
        SELECT 1 FROM set_member WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND set_no = NEW.set_no
        AND until IS NEW.until AND version = NEW.version AND score IS NEW.score) END;
  INSERT INTO set_change (no, programme_no, set_no, member_no, at, is_in, source, version)
    SELECT 1 + max(coalesce((SELECT max(no) FROM set_change), 0), coalesce((SELECT last FROM number_gone WHERE of = 'change'), 0)), NEW.programme_no, NEW.set_no, NEW.member_no, NEW.at, NEW.is_in, NEW.source, NEW.version
    WHERE NEW.is_in = 0 OR NOT EXISTS (
      SELECT 1 FROM set_member WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND set_no = NEW.set_no);
  UPDATE member_set SET members = members + CASE NEW.is_in WHEN 0 THEN -1 ELSE 1 END
    WHERE no = NEW.set_no AND (NEW.is_in = 0 OR NOT EXISTS (
      SELECT 1 FROM set_member WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND set_no = NEW.set_no));
  DELETE FROM set_member
    WHERE NEW.is_in = 0 AND programme_no = NEW.programme_no AND member_no = NEW.member_no AND set_no = NEW.set_no;
  INSERT INTO set_member (programme_no, member_no, set_no, since, until, source, version, score)
    SELECT NEW.programme_no, NEW.member_no, NEW.set_no, NEW.at, NEW.until, NEW.source, NEW.version, NEW.score WHERE NEW.is_in <> 0
    ON CONFLICT (programme_no, member_no, set_no) DO UPDATE SET until = excluded.until, source = excluded.source, version = excluded.version,
      score = excluded.score;
END
-- then
-- Members whose copied tags changed since the ledger was told. "change" is another random number at
-- each change, so that a run takes away only what it has read.
CREATE TABLE IF NOT EXISTS tag_due (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  change INTEGER NOT NULL,
  PRIMARY KEY (programme_no, member_no)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS set_member_came AFTER INSERT ON set_member
WHEN EXISTS (SELECT 1 FROM member_set WHERE no = NEW.set_no AND (copied = 1 OR copy_after IS NOT NULL))
BEGIN
  INSERT INTO tag_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
CREATE TRIGGER IF NOT EXISTS set_member_went AFTER DELETE ON set_member
WHEN EXISTS (SELECT 1 FROM member_set WHERE no = OLD.set_no AND (copied = 1 OR copy_after IS NOT NULL))
BEGIN
  INSERT INTO tag_due (programme_no, member_no, change) VALUES (OLD.programme_no, OLD.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
-- One whose time was over may be given again while its row is still there.
CREATE TRIGGER IF NOT EXISTS set_member_ends_otherwise AFTER UPDATE OF until ON set_member
WHEN NEW.until IS NOT OLD.until AND EXISTS (SELECT 1 FROM member_set WHERE no = NEW.set_no AND (copied = 1 OR copy_after IS NOT NULL))
BEGIN
  INSERT INTO tag_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
-- The command table: of a tag that the rulebook names or names no more, the next members are to be
-- copied anew.
CREATE VIEW IF NOT EXISTS tag_walk_step (set_no, before, most) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS tag_walk_stepped INSTEAD OF INSERT ON tag_walk_step
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (SELECT 1 FROM member_set WHERE no = NEW.set_no AND copy_after = NEW.before);
  INSERT INTO tag_due (programme_no, member_no, change)
    SELECT programme_no, member_no, random() FROM set_member WHERE set_no = NEW.set_no AND member_no > NEW.before ORDER BY member_no LIMIT NEW.most
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
  UPDATE member_set SET copy_after = (
      SELECT member_no FROM set_member WHERE set_no = NEW.set_no AND member_no > NEW.before ORDER BY member_no LIMIT 1 OFFSET NEW.most - 1)
    WHERE no = NEW.set_no;
END
-- then
-- Accounts that close leave all sets. What somebody set by hand goes to the account that they became
-- part of; of an erased person nothing stays.
CREATE TRIGGER IF NOT EXISTS departed_leave_sets AFTER INSERT ON departed
BEGIN
  INSERT INTO set_wish (programme_no, member_no, set_no, is_in, at, until, source, version, score)
    SELECT programme_no, NEW.into_no, set_no, 1, since, until, source, version, score FROM set_member
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND source <> 'rule' AND NEW.into_no IS NOT NULL;
  INSERT INTO set_wish (programme_no, member_no, set_no, is_in, at, until, source, version, score)
    SELECT programme_no, member_no, set_no, 0, since, NULL, source, version, NULL FROM set_member
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
  DELETE FROM set_change WHERE member_no = NEW.member_no AND NEW.into_no IS NULL;
  DELETE FROM set_due WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
END
-- then
-- ── Evaluation ────────────────────────────────────────────────────────────────────────────────────────────────────

-- Members whose facts changed since sets were evaluated for them. "change" is another random number
-- at each change, so that a run takes away only what it has read.
CREATE TABLE IF NOT EXISTS set_due (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  change INTEGER NOT NULL,
  PRIMARY KEY (programme_no, member_no)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS facts_made AFTER INSERT ON facts
WHEN EXISTS (SELECT 1 FROM member_set WHERE programme_no = NEW.programme_no AND is_removed = 0 AND refresh = 'on_change')
BEGIN
  INSERT INTO set_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
CREATE TRIGGER IF NOT EXISTS facts_changed AFTER UPDATE ON facts
WHEN EXISTS (SELECT 1 FROM member_set WHERE programme_no = NEW.programme_no AND is_removed = 0 AND refresh = 'on_change')
BEGIN
  INSERT INTO set_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
-- Conditions ask for days: a second visit of one day changes nothing.
CREATE TRIGGER IF NOT EXISTS last_visit_made AFTER INSERT ON last_visit
WHEN EXISTS (SELECT 1 FROM member_set WHERE programme_no = NEW.programme_no AND is_removed = 0 AND refresh = 'on_change')
BEGIN
  INSERT INTO set_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
CREATE TRIGGER IF NOT EXISTS last_visit_of_another_day AFTER UPDATE ON last_visit
WHEN (NEW.login_day IS NOT OLD.login_day OR NEW.seen_day <> OLD.seen_day)
  AND EXISTS (SELECT 1 FROM member_set WHERE programme_no = NEW.programme_no AND is_removed = 0 AND refresh = 'on_change')
BEGIN
  INSERT INTO set_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
-- A home store is one of the things that conditions ask for.
CREATE TRIGGER IF NOT EXISTS home_store_made AFTER INSERT ON preference WHEN NEW.home_store IS NOT NULL
BEGIN
  INSERT INTO set_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
CREATE TRIGGER IF NOT EXISTS home_store_changed AFTER UPDATE OF home_store ON preference WHEN NEW.home_store IS NOT OLD.home_store
BEGIN
  INSERT INTO set_due (programme_no, member_no, change) VALUES (NEW.programme_no, NEW.member_no, random())
    ON CONFLICT (programme_no, member_no) DO UPDATE SET change = excluded.change;
END
-- then
-- Programmes in which nothing was left to do, until when the clock brings nothing due either (the end
-- of the local day), and by which version of the rulebook, which has the zone.
CREATE TABLE IF NOT EXISTS set_rest (
  programme_no INTEGER PRIMARY KEY,
  until INTEGER NOT NULL,
  rulebook_version INTEGER NOT NULL
) STRICT
-- then
-- The rulebook may name a new tag, whose members the ledger is then told of.
CREATE TRIGGER IF NOT EXISTS member_set_ends_rest AFTER INSERT ON member_set
BEGIN
  DELETE FROM set_rest WHERE programme_no = NEW.programme_no;
END
-- then
-- A walk over all members of a programme, at most one at a time.
CREATE TABLE IF NOT EXISTS set_scan (
  programme_no INTEGER PRIMARY KEY,
  -- The local day on which it began.
  day INTEGER NOT NULL,
  -- The sets that it evaluates: [[number, version], …]; null where it counts for the cuts.
  sets TEXT,
  -- What it has counted so far, a JSON object.
  counts TEXT,
  -- The last member that it has seen.
  position INTEGER NOT NULL
) STRICT
-- then
-- The command table: a walk goes on from "before" to "position", or ends where that is null.
CREATE VIEW IF NOT EXISTS set_scan_step (programme_no, day, before, position, counts, cuts) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS set_scan_stepped INSTEAD OF INSERT ON set_scan_step
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM set_scan WHERE programme_no = NEW.programme_no AND day = NEW.day AND position = NEW.before);
  UPDATE set_scan SET position = NEW.position, counts = NEW.counts WHERE programme_no = NEW.programme_no AND NEW.position IS NOT NULL;
  UPDATE member_set SET evaluated_day = NEW.day, evaluated_version = w.value ->> 1
    FROM set_scan AS s, json_each(s.sets) AS w
    WHERE NEW.position IS NULL AND s.programme_no = NEW.programme_no AND member_set.no = w.value ->> 0;
  INSERT INTO rfm_cuts (programme_no, version, day, cuts)
    SELECT NEW.programme_no, coalesce((SELECT max(version) FROM rfm_cuts WHERE programme_no = NEW.programme_no), 0) + 1, NEW.day, NEW.cuts
    WHERE NEW.cuts IS NOT NULL;
  DELETE FROM set_scan WHERE programme_no = NEW.programme_no AND NEW.position IS NULL;
END
-- then
-- ── Recency, frequency, money ─────────────────────────────────────────────────────────────────────────────────────

-- Where scores begin, by the day on which members were counted.
CREATE TABLE IF NOT EXISTS rfm_cuts (
  programme_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  day INTEGER NOT NULL,
  -- A JSON object (see reach/rfm.rs); "null" where no member has an order.
  cuts TEXT NOT NULL,
  PRIMARY KEY (programme_no, version)
) STRICT, WITHOUT ROWID
