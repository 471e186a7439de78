-- What is known of customers beyond points. Instants are milliseconds since 1970 (UTC), days are
-- local days as numbers since 1970-01-01. Members and programmes go by the numbers that they have
-- in the ledger, which may be in another file: no key refers to it, and no statement joins the two.
-- Names differ from those of the ledger, as both may be in one file. Statements are separated by
-- lines that read "-- then".

-- ── Facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS facts (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  -- Of the fold: all but instants, a JSON object (see reach/facts.rs), then when the next points end,
  -- when the tier does, and the last order. No statement searches by these, so there is no index: each
  -- would be one page or two more for every row that a fold writes.
  known TEXT NOT NULL,
  next_expiry_at INTEGER,
  tier_until INTEGER,
  last_order_at INTEGER,
  PRIMARY KEY (programme_no, member_no)
) STRICT, WITHOUT ROWID
-- then
-- The last login and the last event of any kind that were reported, with their local days. Such an
-- event comes at each login and view, so it rewrites these few bytes and not the facts.
CREATE TABLE IF NOT EXISTS last_visit (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  last_login_at INTEGER,
  login_day INTEGER,
  last_seen_at INTEGER NOT NULL,
  seen_day INTEGER NOT NULL,
  PRIMARY KEY (programme_no, member_no)
) STRICT, WITHOUT ROWID
-- then
-- How far entries are folded: one row. "round" counts the writes, so that a run which read before
-- another one wrote is skipped. "hash" is that of the entry at the position: another one there is
-- another history, as after the ledger was put back to an earlier copy.
CREATE TABLE IF NOT EXISTS fold (
  no INTEGER PRIMARY KEY CHECK (no = 1),
  position INTEGER NOT NULL,
  round INTEGER NOT NULL,
  hash BLOB
) STRICT
-- then
INSERT INTO fold (no, position, round) VALUES (1, 0, 0) ON CONFLICT DO NOTHING
-- then
-- Accounts that are closed for good: what they are now part of, or null where the person was erased.
-- Kept, so that what is reported late does not come back.
CREATE TABLE IF NOT EXISTS departed (
  member_no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  into_no INTEGER,
  -- When the fold learned of it.
  at INTEGER NOT NULL,
  -- 0 while there may be behaviour that has to move or to go.
  is_done INTEGER NOT NULL DEFAULT 0
) STRICT
-- then
CREATE INDEX IF NOT EXISTS departed_into ON departed (into_no) WHERE into_no IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS departed_open ON departed (member_no) WHERE is_done = 0
-- then
-- What became part of an account goes where that one goes.
CREATE TRIGGER IF NOT EXISTS departed_goes_on AFTER INSERT ON departed
BEGIN
  UPDATE departed SET into_no = NEW.into_no, is_done = 0 WHERE into_no = NEW.member_no;
END
-- then
-- Programmes whose facts were made of another history than the ledger has now. Members with numbers
-- up to the position have been made anew since.
CREATE TABLE IF NOT EXISTS rebuild_due (
  programme_no INTEGER PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT
-- then
-- The command table of a new history: the cursor goes to the ledger's last entry, and all programmes
-- are due for a rebuild, those that only facts know included. programmes: a JSON list of numbers.
CREATE VIEW IF NOT EXISTS fold_restart (round, position, hash, programmes) AS SELECT NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS fold_restarted INSTEAD OF INSERT ON fold_restart
BEGIN
  SELECT RAISE(IGNORE) WHERE (SELECT round FROM fold WHERE no = 1) IS NOT NEW.round;
  INSERT INTO rebuild_due (programme_no, position)
    SELECT value, 0 FROM json_each(NEW.programmes) WHERE true
    ON CONFLICT (programme_no) DO UPDATE SET position = 0;
  UPDATE fold SET position = NEW.position, hash = NEW.hash, round = round + 1 WHERE no = 1;
END
-- then
-- The command table of the fold: one row is one piece of it, written wholly, or not at all where
-- another run was faster. known: [[programme_no, member_no, known, next_expiry_at, tier_until,
-- last_order_at], …]; departed: [[programme_no, member_no, into_no or null], …]; at: now; anew: null,
-- or of a rebuild that is due {"programme_no", "from", "to": the members between these two, to the
-- last one where it is null; "open": those of them whose accounts are open, [[number, since when],
-- …]; "lost": numbers of which something was told about somebody whom the ledger knows no more}.
CREATE VIEW IF NOT EXISTS fold_step (round, position, hash, known, departed, at, anew)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS fold_step_commit INSTEAD OF INSERT ON fold_step
BEGIN
  SELECT RAISE(IGNORE) WHERE (SELECT round FROM fold WHERE no = 1) IS NOT NEW.round;
  INSERT INTO departed (programme_no, member_no, into_no, at, is_done)
    SELECT NEW.anew ->> '$.programme_no', value, NULL, NEW.at, 1 FROM json_each(NEW.anew, '$.lost') WHERE true
    ON CONFLICT DO NOTHING;
  DELETE FROM behaviour WHERE member_no IN (SELECT value FROM json_each(NEW.anew, '$.lost'));
  DELETE FROM last_visit WHERE programme_no = NEW.anew ->> '$.programme_no' AND member_no IN (SELECT value FROM json_each(NEW.anew, '$.lost'));
  DELETE FROM facts WHERE programme_no = NEW.anew ->> '$.programme_no' AND member_no IN (SELECT value FROM json_each(NEW.anew, '$.lost'));
  DELETE FROM departed WHERE member_no IN (
    SELECT value FROM json_each(NEW.anew, '$.lost') UNION ALL SELECT value ->> 0 FROM json_each(NEW.anew, '$.open'));
  DELETE FROM behaviour WHERE (programme_no, day, key) IN (
    SELECT b.programme_no, b.day, b.key
    FROM json_each(NEW.anew, '$.open') AS o CROSS JOIN behaviour AS b ON b.member_no = o.value ->> 0 AND b.occurred_at < o.value ->> 1);
  -- From the list, and not from all members of the programme.
  UPDATE last_visit SET last_login_at = NULL, login_day = NULL WHERE programme_no = NEW.anew ->> '$.programme_no' AND member_no IN (
    SELECT v.member_no FROM json_each(NEW.anew, '$.open') AS o
    CROSS JOIN last_visit AS v ON v.programme_no = NEW.anew ->> '$.programme_no' AND v.member_no = o.value ->> 0
    WHERE v.last_login_at < o.value ->> 1);
  DELETE FROM last_visit WHERE programme_no = NEW.anew ->> '$.programme_no' AND member_no IN (
    SELECT v.member_no FROM json_each(NEW.anew, '$.open') AS o
    CROSS JOIN last_visit AS v ON v.programme_no = NEW.anew ->> '$.programme_no' AND v.member_no = o.value ->> 0
    WHERE v.last_seen_at < o.value ->> 1);
  INSERT INTO facts (programme_no, member_no, known, next_expiry_at, tier_until, last_order_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(NEW.known) WHERE true
    ON CONFLICT (programme_no, member_no) DO UPDATE SET known = excluded.known, next_expiry_at = excluded.next_expiry_at,
      tier_until = excluded.tier_until, last_order_at = excluded.last_order_at;
  INSERT INTO last_visit (programme_no, member_no, last_login_at, login_day, last_seen_at, seen_day)
    SELECT v.programme_no, d.value ->> 2, v.last_login_at, v.login_day, v.last_seen_at, v.seen_day
    FROM json_each(NEW.departed) AS d CROSS JOIN last_visit AS v ON v.programme_no = d.value ->> 0 AND v.member_no = d.value ->> 1
    WHERE d.value ->> 2 IS NOT NULL
    ON CONFLICT (programme_no, member_no) DO UPDATE SET
      last_login_at = coalesce(max(last_login_at, excluded.last_login_at), last_login_at, excluded.last_login_at),
      login_day = coalesce(max(login_day, excluded.login_day), login_day, excluded.login_day),
      last_seen_at = max(last_seen_at, excluded.last_seen_at), seen_day = max(seen_day, excluded.seen_day);
  INSERT INTO facts (programme_no, member_no, known)
    SELECT v.programme_no, v.member_no, '{}'
    FROM json_each(NEW.departed) AS d CROSS JOIN last_visit AS v ON v.programme_no = d.value ->> 0 AND v.member_no = d.value ->> 2 WHERE true
    ON CONFLICT DO NOTHING;
  DELETE FROM last_visit WHERE (programme_no, member_no) IN (SELECT value ->> 0, value ->> 1 FROM json_each(NEW.departed));
  DELETE FROM facts WHERE (programme_no, member_no) IN (SELECT value ->> 0, value ->> 1 FROM json_each(NEW.departed));
  INSERT INTO departed (programme_no, member_no, into_no, at)
    SELECT value ->> 0, value ->> 1, value ->> 2, NEW.at FROM json_each(NEW.departed) WHERE true
    ON CONFLICT (member_no) DO UPDATE SET into_no = excluded.into_no WHERE into_no IS NOT excluded.into_no;
  DELETE FROM rebuild_due WHERE programme_no = NEW.anew ->> '$.programme_no' AND position = NEW.anew ->> '$.from' AND NEW.anew ->> '$.to' IS NULL;
  UPDATE rebuild_due SET position = NEW.anew ->> '$.to'
    WHERE programme_no = NEW.anew ->> '$.programme_no' AND position = NEW.anew ->> '$.from';
  UPDATE fold SET position = NEW.position, hash = NEW.hash, round = round + 1 WHERE no = 1;
END
-- then
-- ── Behaviour ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- What members did that earns nothing, as it was reported. Kept for 180 days.
CREATE TABLE IF NOT EXISTS behaviour (
  programme_no INTEGER NOT NULL,
  day INTEGER NOT NULL,
  -- The idempotency key, with the line of API keys in front.
  key TEXT NOT NULL,
  member_no INTEGER NOT NULL,
  kind TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  item TEXT,
  category TEXT,
  value_minor INTEGER,
  channel TEXT,
  session TEXT,
  -- In the order in which events came: above what "touch" has heard (see the file of touches).
  no INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (programme_no, day, key)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS behaviour_member ON behaviour (member_no, occurred_at)
-- then
CREATE INDEX IF NOT EXISTS behaviour_no ON behaviour (no)
-- then
-- Results count logins, and strategies ask for kinds, which may be few among what a member looked at.
CREATE INDEX IF NOT EXISTS behaviour_kind ON behaviour (member_no, kind, occurred_at)
-- then
-- The command table of reports: a row is one event. What is there already is left as it is, and so is
-- what concerns an account that was closed meanwhile.
CREATE VIEW IF NOT EXISTS behaviour_report (programme_no, day, key, member_no, kind, occurred_at, item, category, value_minor, channel, session)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS behaviour_reported INSTEAD OF INSERT ON behaviour_report
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no)
    OR EXISTS (SELECT 1 FROM behaviour WHERE programme_no = NEW.programme_no AND day = NEW.day AND key = NEW.key);
  INSERT INTO behaviour (programme_no, day, key, member_no, kind, occurred_at, item, category, value_minor, channel, session, no)
    VALUES (NEW.programme_no, NEW.day, NEW.key, NEW.member_no, NEW.kind, NEW.occurred_at, NEW.item, NEW.category, NEW.value_minor, NEW.channel,
      NEW.session, 1 + max(coalesce((SELECT max(no) FROM behaviour), 0), coalesce((SELECT position FROM touch_cursor WHERE source = 'behaviour'), 0)));
  INSERT INTO facts (programme_no, member_no, known) VALUES (NEW.programme_no, NEW.member_no, '{}') ON CONFLICT DO NOTHING;
  INSERT INTO last_visit (programme_no, member_no, last_login_at, login_day, last_seen_at, seen_day)
    VALUES (NEW.programme_no, NEW.member_no, CASE NEW.kind WHEN 'login' THEN NEW.occurred_at END, CASE NEW.kind WHEN 'login' THEN NEW.day END,
      NEW.occurred_at, NEW.day)
    ON CONFLICT (programme_no, member_no) DO UPDATE SET
      last_login_at = coalesce(max(last_login_at, excluded.last_login_at), last_login_at, excluded.last_login_at),
      login_day = coalesce(max(login_day, excluded.login_day), login_day, excluded.login_day),
      last_seen_at = max(last_seen_at, excluded.last_seen_at), seen_day = max(seen_day, excluded.seen_day)
    WHERE excluded.last_seen_at > last_seen_at OR excluded.last_login_at > coalesce(last_login_at, excluded.last_login_at - 1);
END
-- then
-- ── Contact, consent, preference ──────────────────────────────────────────────────────────────────────────────────

-- What this file keeps for itself, sealed with the variable secrets_key.
CREATE TABLE IF NOT EXISTS reach_secret (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID
-- then
-- Where a member can be reached: one address a channel.
CREATE TABLE IF NOT EXISTS contact (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  channel TEXT NOT NULL,
  -- Sealed as the secrets of endpoints are.
  address TEXT NOT NULL,
  -- What it is found by: a digest whose key is in reach_secret.
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  verified_at INTEGER,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, member_no, channel)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS contact_digest ON contact (programme_no, channel, digest)
-- then
-- What members said about being reached, with what proves it. Rows are only added: see the triggers.
CREATE TABLE IF NOT EXISTS consent (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  channel TEXT NOT NULL,
  decision TEXT NOT NULL,
  -- The digest of the address that it was said of. Empty where it is of none: a no may be, and a yes
  -- to push, whose addresses vendors change by themselves.
  digest TEXT NOT NULL,
  -- When it was said.
  at INTEGER NOT NULL,
  -- Where it was said (a form, a till, an app, a reply), and what proves it.
  source TEXT NOT NULL,
  evidence TEXT,
  recorded_at INTEGER NOT NULL,
  recorded_by TEXT NOT NULL
) STRICT
-- then
-- The same words of one instant are the same statement.
CREATE UNIQUE INDEX IF NOT EXISTS consent_once ON consent (programme_no, member_no, purpose, channel, at, decision, source, digest)
-- then
-- What is said of the address that is kept now. A no holds for every address, a yes for its own.
CREATE VIEW IF NOT EXISTS consent_of_address AS
SELECT c.programme_no, c.member_no, c.purpose, c.channel, c.decision, c.at, c.no
FROM consent AS c
WHERE c.decision = 'withdrawn' OR c.digest = '' OR c.digest = (
  SELECT k.digest FROM contact AS k WHERE k.programme_no = c.programme_no AND k.member_no = c.member_no AND k.channel = c.channel)
-- then
-- The last word counts. Of two of one instant it is the no, as a yes must be beyond doubt.
CREATE VIEW IF NOT EXISTS consent_standing AS
SELECT c.programme_no, c.member_no, c.purpose, c.channel, c.decision, c.at, c.no
FROM consent_of_address AS c
WHERE NOT EXISTS (
  SELECT 1 FROM consent_of_address AS later
  WHERE later.programme_no = c.programme_no AND later.member_no = c.member_no AND later.purpose = c.purpose AND later.channel = c.channel
    AND later.at >= c.at
    AND (later.at > c.at OR (later.decision = 'withdrawn' AND c.decision = 'given') OR (later.decision = c.decision AND later.no > c.no)))
-- then
-- Consents of an account that became part of another one go there.
CREATE TRIGGER IF NOT EXISTS consent_is_never_updated BEFORE UPDATE ON consent
BEGIN
  SELECT RAISE(ABORT, 'consents are append-only') WHERE NOT (
    OLD.no = NEW.no AND OLD.programme_no = NEW.programme_no AND OLD.purpose = NEW.purpose AND OLD.channel = NEW.channel
    AND OLD.decision = NEW.decision AND OLD.digest = NEW.digest AND OLD.at = NEW.at AND OLD.source = NEW.source AND OLD.evidence IS NEW.evidence
    AND OLD.recorded_at = NEW.recorded_at AND OLD.recorded_by = NEW.recorded_by
    AND EXISTS (SELECT 1 FROM departed WHERE member_no = OLD.member_no AND into_no = NEW.member_no));
END
-- then
-- They leave with the account, and for no other reason.
CREATE TRIGGER IF NOT EXISTS consent_is_never_deleted BEFORE DELETE ON consent
BEGIN
  SELECT RAISE(ABORT, 'consents are append-only')
  WHERE NOT EXISTS (SELECT 1 FROM departed WHERE member_no = OLD.member_no);
END
-- then
-- INSERT OR REPLACE takes rows away without firing the trigger above. What is told late of an account
-- that is closed is left out.
CREATE TRIGGER IF NOT EXISTS consent_only_grows BEFORE INSERT ON consent
BEGIN
  SELECT RAISE(ABORT, 'consents are append-only') WHERE EXISTS (SELECT 1 FROM consent WHERE no = NEW.no);
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
-- What is left of the consents of an erased person, so that it can be proved why messages went to an
-- address: found by a caller that names the address, and deleted after "until".
CREATE TABLE IF NOT EXISTS consent_proof (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  channel TEXT NOT NULL,
  digest TEXT NOT NULL,
  purpose TEXT NOT NULL,
  decision TEXT NOT NULL,
  at INTEGER NOT NULL,
  source TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT
-- then
CREATE INDEX IF NOT EXISTS consent_proof_digest ON consent_proof (programme_no, channel, digest, at)
-- then
CREATE INDEX IF NOT EXISTS consent_proof_end ON consent_proof (until)
-- then
CREATE TRIGGER IF NOT EXISTS contact_of_the_departed BEFORE INSERT ON contact
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
CREATE TABLE IF NOT EXISTS preference (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  language TEXT,
  -- Minutes of the local day: no message from one until the other, over midnight where it is earlier.
  quiet_from INTEGER,
  quiet_until INTEGER,
  -- 0 where offers must not be based on what is known of the member.
  personalised INTEGER NOT NULL DEFAULT 1,
  home_store TEXT,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, member_no)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS preference_of_the_departed BEFORE INSERT ON preference
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
-- What the other account has of its own stays, and a member who refused to be known in one account refused it
-- in both. Of an erased member nothing is left but proofs, for 183 days.
CREATE TRIGGER IF NOT EXISTS departed_takes_contacts_along AFTER INSERT ON departed
BEGIN
  UPDATE OR IGNORE consent SET member_no = NEW.into_no
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NOT NULL;
  INSERT INTO consent_proof (programme_no, channel, digest, purpose, decision, at, source, until)
    SELECT programme_no, channel, digest, purpose, decision, at, source, NEW.at + 15811200000 FROM consent
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NULL AND digest <> '';
  DELETE FROM consent WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
  UPDATE contact SET state = was.state FROM contact AS was
    WHERE was.programme_no = NEW.programme_no AND was.member_no = NEW.member_no AND was.state <> 'open'
    AND contact.programme_no = NEW.programme_no AND contact.member_no = NEW.into_no AND contact.channel = was.channel
    AND contact.digest = was.digest AND contact.state = 'open';
  UPDATE OR IGNORE contact SET member_no = NEW.into_no
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NOT NULL;
  DELETE FROM contact WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
  UPDATE preference SET personalised = 0
    WHERE programme_no = NEW.programme_no AND member_no = NEW.into_no AND EXISTS (
      SELECT 1 FROM preference AS p WHERE p.programme_no = NEW.programme_no AND p.member_no = NEW.member_no AND p.personalised = 0);
  UPDATE OR IGNORE preference SET member_no = NEW.into_no
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NOT NULL;
  DELETE FROM preference WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
END
