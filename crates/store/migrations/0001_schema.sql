-- The schema. Instants are milliseconds since 1970 (UTC). Ids of entries are the 16 bytes of their
-- UUIDs, hashes are 32 bytes, fingerprints of requests 16; in JSON texts all are hexadecimal. Texts
-- are compared and ordered by their bytes. "who" is a JSON object with "at", "person", "key" and
-- "address". Statements are separated by lines that read "-- then", as hosts execute one at a time.

-- ── Programmes and rulebooks ──────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS programme (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  rulebook_version INTEGER NOT NULL,
  -- SHA-256 of the published document: names every copy of it.
  rulebook_digest TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- Whether the published rulebook needs the member's profile: known here, so that one statement
  -- loads it before the rulebook is read.
  asks_profile INTEGER NOT NULL DEFAULT 0,
  -- Counters of the programme that are budgets: a JSON list of subjects; null for none.
  budgets TEXT,
  -- Over how many homes its members are spread: see ledger/home.rs. Ids of entries tell the home.
  spread INTEGER NOT NULL DEFAULT 1 CHECK (spread BETWEEN 1 AND 65536)
) STRICT
-- then
CREATE TRIGGER IF NOT EXISTS spread_never_changes BEFORE UPDATE OF spread ON programme WHEN NEW.spread <> OLD.spread
BEGIN
  SELECT RAISE(ABORT, 'the spread of a programme never changes');
END
-- then
CREATE TABLE IF NOT EXISTS rulebook (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  who TEXT,
  PRIMARY KEY (programme_no, version)
) STRICT, WITHOUT ROWID
-- then
-- Publishing: creates the programme or moves it on to its next rulebook, in one statement.
CREATE VIEW IF NOT EXISTS publication (programme_id, name, expected_version, document, digest, published_at, published_by, asks_profile, budgets, who, spread)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS publication_commit INSTEAD OF INSERT ON publication
BEGIN
  SELECT RAISE(IGNORE) WHERE
    coalesce((SELECT rulebook_version FROM programme WHERE id = NEW.programme_id), 0) IS NOT NEW.expected_version;
  INSERT INTO programme (id, name, rulebook_version, rulebook_digest, created_at, asks_profile, budgets, spread)
    VALUES (NEW.programme_id, NEW.name, NEW.expected_version + 1, NEW.digest, NEW.published_at, NEW.asks_profile, NEW.budgets, coalesce(NEW.spread, 1))
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, rulebook_version = excluded.rulebook_version,
      rulebook_digest = excluded.rulebook_digest, asks_profile = excluded.asks_profile, budgets = excluded.budgets;
  INSERT INTO rulebook (programme_no, version, document, published_at, published_by, who)
    SELECT no, NEW.expected_version + 1, NEW.document, NEW.published_at, NEW.published_by, NEW.who FROM programme WHERE id = NEW.programme_id;
END
-- then
-- What a programme has published of its second document. The last version is in force; before the
-- first one it is empty, with version 0. It stands apart, so that no earn reads anything of it.
CREATE TABLE IF NOT EXISTS playbook (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, version)
) STRICT, WITHOUT ROWID
-- then
-- Since when each strategy is in force without a gap, by its id: nobody is told of what was before.
CREATE TABLE IF NOT EXISTS playbook_strategy (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  strategy TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (programme_no, strategy)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS playbook_has_strategies AFTER INSERT ON playbook
BEGIN
  DELETE FROM playbook_strategy WHERE programme_no = NEW.programme_no
    AND strategy NOT IN (SELECT value ->> 'id' FROM json_each(NEW.document, '$.strategies'));
  INSERT INTO playbook_strategy (programme_no, strategy, since)
    SELECT NEW.programme_no, value ->> 'id', NEW.published_at FROM json_each(NEW.document, '$.strategies') WHERE true
    ON CONFLICT DO NOTHING;
END
-- then
-- The version of each document that is in force.
CREATE VIEW IF NOT EXISTS in_force AS
  SELECT no AS programme_no, rulebook_version AS rulebook,
    coalesce((SELECT max(b.version) FROM playbook AS b WHERE b.programme_no = programme.no), 0) AS playbook
  FROM programme
-- then
-- Documents that no member is served by. Something may still be wrong with them.
CREATE TABLE IF NOT EXISTS draft (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  -- Of which document it is; each has names of its own.
  kind TEXT NOT NULL CHECK (kind IN ('rulebook', 'playbook')),
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  -- As it would be stored when it is published; null when something is wrong with it.
  stored TEXT,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  who TEXT,
  -- The version of the document that it was made from.
  base_version INTEGER NOT NULL,
  -- One more with each change.
  revision INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (programme_no, kind, name)
) STRICT, WITHOUT ROWID
-- then
-- A draft compared with a period, member by member. "position" is the number of the last member in
-- "found"; "last" is the last one to be read. A back-test writes nothing but this row.
CREATE TABLE IF NOT EXISTS back_test (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  -- Names the draft and the person who asked; only shown.
  asked TEXT NOT NULL,
  -- The draft as a rulebook is stored, and the version that it is held against.
  rulebook TEXT NOT NULL,
  version INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  position INTEGER NOT NULL,
  last INTEGER NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  found TEXT NOT NULL,
  PRIMARY KEY (programme_no, id)
) STRICT
-- then
-- Requests to publish, at once or at a planned time, some of them after another person has
-- approved.
CREATE TABLE IF NOT EXISTS publication_request (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  -- Of which document it is a version.
  kind TEXT NOT NULL CHECK (kind IN ('rulebook', 'playbook')),
  -- The request's idempotency key.
  asked_key TEXT,
  -- The draft it was made of; only shown. What is published is what the draft was when it was asked
  -- for.
  draft TEXT NOT NULL,
  document TEXT NOT NULL,
  digest TEXT NOT NULL,
  -- As of `programme`; of a playbook 0 and null.
  asks_profile INTEGER NOT NULL,
  budgets TEXT,
  -- The version it was compared with: when another one is published first, this one never is.
  base_version INTEGER NOT NULL,
  -- Not before this instant.
  at INTEGER NOT NULL,
  -- What needs an approval, a JSON list of pointers, and by which role.
  major TEXT NOT NULL,
  role TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  -- waiting (for an approval), planned, published, rejected, withdrawn, superseded
  state TEXT NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,
  approved_at INTEGER,
  approved_by TEXT,
  -- The words of the person that decided last.
  reason TEXT,
  published_at INTEGER,
  who TEXT,
  PRIMARY KEY (programme_no, id)
) STRICT
-- then
CREATE INDEX IF NOT EXISTS publication_planned ON publication_request (programme_no, at) WHERE state = 'planned'
-- then
CREATE UNIQUE INDEX IF NOT EXISTS publication_key ON publication_request (programme_no, asked_key) WHERE asked_key IS NOT NULL
-- then
-- Publishes what is planned, or finds it superseded: the version and its publication in one
-- statement.
CREATE VIEW IF NOT EXISTS planned_publication (programme_no, id, now) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS planned_publication_commit INSTEAD OF INSERT ON planned_publication
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM publication_request
    WHERE programme_no = NEW.programme_no AND id = NEW.id AND state = 'planned' AND at <= NEW.now);
  UPDATE publication_request SET state = 'superseded', published_at = NULL
    WHERE programme_no = NEW.programme_no AND id = NEW.id
      AND base_version IS NOT (SELECT CASE kind WHEN 'rulebook' THEN f.rulebook ELSE f.playbook END FROM in_force AS f WHERE f.programme_no = NEW.programme_no);
  INSERT INTO publication
    SELECT p.id, p.name, w.base_version, w.document, w.digest, NEW.now, 'publication:' || w.id, w.asks_profile, w.budgets, NULL, NULL
    FROM publication_request AS w JOIN programme AS p ON p.no = w.programme_no
    WHERE w.programme_no = NEW.programme_no AND w.id = NEW.id AND w.state = 'planned' AND w.kind = 'rulebook';
  INSERT INTO playbook
    SELECT programme_no, base_version + 1, document, NEW.now, 'publication:' || id
    FROM publication_request
    WHERE programme_no = NEW.programme_no AND id = NEW.id AND state = 'planned' AND kind = 'playbook';
  -- What the draft says now goes on from what it said when it was asked for.
  UPDATE draft SET base_version = base_version + 1
    WHERE (programme_no, kind, name, base_version) IN (
      SELECT programme_no, kind, draft, base_version FROM publication_request
      WHERE programme_no = NEW.programme_no AND id = NEW.id AND state = 'planned');
  UPDATE publication_request SET state = 'published', published_at = NEW.now
    WHERE programme_no = NEW.programme_no AND id = NEW.id AND state = 'planned';
END
-- then
-- A request is superseded once another version of its document came first, whether or not that was
-- written down.
CREATE VIEW IF NOT EXISTS publication_standing AS
  SELECT w.programme_no, w.id, w.draft, w.base_version, w.at, w.major, w.role, w.asked_at, w.asked_by, w.decided_at, w.decided_by,
    w.published_at, w.asked_key, w.approved_at, w.approved_by, w.reason,
    CASE WHEN w.state IN ('waiting', 'planned') AND w.base_version IS NOT (CASE w.kind WHEN 'rulebook' THEN f.rulebook ELSE f.playbook END)
      THEN 'superseded' ELSE w.state END AS state,
    w.kind
  FROM publication_request AS w JOIN in_force AS f ON f.programme_no = w.programme_no
-- then
-- ── Groups of programmes ──────────────────────────────────────────────────────────────────────────────────────────

-- Whose documents a programme follows in all that it has not changed itself: a row for each document.
CREATE TABLE IF NOT EXISTS inheritance (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  kind TEXT NOT NULL CHECK (kind IN ('rulebook', 'playbook')),
  parent_no INTEGER NOT NULL REFERENCES programme (no),
  -- The version of the parent that it has followed so far.
  parent_version INTEGER NOT NULL,
  -- The pair of versions (own, parent's) that made no such document, and what was wrong with it: not
  -- tried again.
  failed_own INTEGER,
  failed_parent INTEGER,
  problems TEXT,
  PRIMARY KEY (programme_no, kind)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS inheritance_parent ON inheritance (parent_no)
-- then
-- Programmes of a group know each other's members by their names, and exchange points.
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
-- ── Keys and persons ──────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS api_key (
  prefix TEXT PRIMARY KEY,
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  -- A built-in role; of an own role the one that it is a part of.
  role TEXT NOT NULL,
  -- The own role, and what it may do now (see own_role); null for a built-in one.
  own_role TEXT,
  permissions TEXT,
  operator INTEGER NOT NULL DEFAULT 0,
  label TEXT NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  -- The first key of the line that this one continues; null is the key itself. Idempotency keys
  -- belong to a line.
  lineage TEXT,
  person TEXT,
  -- The person's id as it is compared: see shell/person.rs.
  person_folded TEXT,
  -- The stores that it is for, a JSON list; null for all.
  stores TEXT,
  created_at INTEGER NOT NULL,
  -- The person that asked for it, or the key that did where that names none.
  created_by TEXT,
  approved_by TEXT,
  -- 1 until another admin approves, 2 while its person is suspended: such a key opens nothing.
  waits INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER,
  -- A session of a person ends then, however much it is used; null for a key. "expires_at" of a
  -- session moves on with its use.
  session_until INTEGER,
  -- 1 where a session began with a one-time code, or with what stands in for it.
  session_code INTEGER NOT NULL DEFAULT 0,
  -- To the hour: not every request writes.
  last_used_at INTEGER,
  revoked_at INTEGER,
  who TEXT
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS api_key_programme ON api_key (programme_no, prefix)
-- then
CREATE INDEX IF NOT EXISTS api_key_person ON api_key (programme_no, person_folded, session_until) WHERE person_folded IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS api_key_lineage ON api_key (lineage) WHERE lineage IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS api_key_own_role ON api_key (programme_no, own_role) WHERE own_role IS NOT NULL
-- then
-- Roles that a programme made itself: parts of built-in ones.
CREATE TABLE IF NOT EXISTS own_role (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  name_zh TEXT NOT NULL,
  name_en TEXT NOT NULL,
  base TEXT NOT NULL,
  -- A JSON list, see shell/permission.rs.
  permissions TEXT NOT NULL,
  -- What waits for another admin, and the person who asked for it; null for nothing.
  wanted TEXT,
  wanted_by TEXT,
  who TEXT,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- Requests read what a role may do with the key, so that it takes them no look-up more: keys and
-- sessions follow the role here.
CREATE TRIGGER IF NOT EXISTS own_role_changes_keys AFTER UPDATE OF permissions ON own_role WHEN NEW.permissions <> OLD.permissions
BEGIN
  UPDATE api_key SET permissions = NEW.permissions WHERE programme_no = NEW.programme_no AND own_role = NEW.id;
END
-- then
CREATE VIEW IF NOT EXISTS own_role_removal (programme_no, id, at, who) AS SELECT NULL, NULL, NULL, NULL
-- then
-- Nobody has it: no person, and no key that counts or may count later.
CREATE TRIGGER IF NOT EXISTS own_role_removed INSTEAD OF INSERT ON own_role_removal
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (SELECT 1 FROM own_role WHERE programme_no = NEW.programme_no AND id = NEW.id)
    OR EXISTS (SELECT 1 FROM api_key WHERE programme_no = NEW.programme_no AND own_role = NEW.id AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > NEW.at))
    OR EXISTS (SELECT 1 FROM person AS p, json_each(p.roles) AS g WHERE p.programme_no = NEW.programme_no AND g.value ->> 'role' = NEW.id);
  INSERT INTO audit SELECT programme_no, 'role_removed', id, NEW.who,
      json_object('names', json_object('zh-CN', name_zh, 'en', name_en), 'base', base, 'permissions', json(permissions)), NULL
    FROM own_role WHERE programme_no = NEW.programme_no AND id = NEW.id;
  DELETE FROM own_role WHERE programme_no = NEW.programme_no AND id = NEW.id;
END
-- then
-- A person is spelled as by the first key that named it, however later keys spell it.
CREATE TABLE IF NOT EXISTS person (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  folded TEXT NOT NULL,
  id TEXT NOT NULL,
  -- Null for a person that only keys name.
  name TEXT,
  language TEXT NOT NULL DEFAULT 'zh-CN',
  -- 1 while neither a password nor a session nor a key of theirs counts.
  suspended INTEGER NOT NULL DEFAULT 0,
  -- What they may act as: a JSON list of objects, see shell/grants.rs.
  roles TEXT NOT NULL DEFAULT '[]',
  who TEXT,
  PRIMARY KEY (programme_no, folded)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS api_key_tells_of_a_person AFTER INSERT ON api_key WHEN NEW.person_folded IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO person (programme_no, folded, id) VALUES (NEW.programme_no, NEW.person_folded, NEW.person);
END
-- then
-- ── Sign-in ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- How a person proves who they are.
CREATE TABLE IF NOT EXISTS credential (
  programme_no INTEGER NOT NULL,
  folded TEXT NOT NULL,
  -- argon2id, as PHC text; null for a person who signs in by a provider alone.
  password TEXT,
  -- The secret of one-time codes, sealed as those of endpoints are; null without such codes.
  totp TEXT,
  -- The step of the last code that was accepted: a code works once.
  totp_step INTEGER NOT NULL,
  -- The hashes of the recovery codes that are left, a JSON list.
  recovery TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  -- The sealed secret that the person is setting up in place of "totp", and the session that alone
  -- may finish it.
  next_totp TEXT,
  next_totp_by TEXT,
  -- When it lapses.
  next_totp_until INTEGER,
  PRIMARY KEY (programme_no, folded)
) STRICT, WITHOUT ROWID
-- then
-- A link by which a person chooses a password: at most one each, gone when it was used. Its token is
-- not stored.
CREATE TABLE IF NOT EXISTS invitation (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  folded TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  -- 1 until another admin approves: such a link opens nothing.
  waits INTEGER NOT NULL,
  -- The secret of one-time codes that the person is setting up, sealed.
  totp TEXT,
  PRIMARY KEY (programme_no, folded)
) STRICT, WITHOUT ROWID
-- then
-- Whom another system calls what: by it a person signs in.
CREATE TABLE IF NOT EXISTS identity (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  -- The issuer of OpenID Connect.
  provider TEXT NOT NULL,
  subject TEXT NOT NULL,
  folded TEXT NOT NULL,
  linked_at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, provider, subject)
) STRICT, WITHOUT ROWID
-- then
CREATE UNIQUE INDEX IF NOT EXISTS identity_person ON identity (programme_no, folded, provider)
-- then
-- Browsers on their way to a provider, by SHA-256 of what they hold; and tickets, by which a session
-- may begin such a visit to be linked.
CREATE TABLE IF NOT EXISTS visit (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  -- 0 where there is no such programme, which nobody is told.
  programme_no INTEGER NOT NULL,
  is_ticket INTEGER NOT NULL,
  -- SHA-256 of the token of the invitation that is accepted.
  invitation BLOB,
  -- The session that is linked.
  session TEXT,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS visit_end ON visit (expires_at)
-- then
CREATE INDEX IF NOT EXISTS visit_of_invitation ON visit (invitation, expires_at) WHERE invitation IS NOT NULL
-- then
CREATE VIEW IF NOT EXISTS visit_begin (hash, programme, invitation, ticket, at, expires_at, most)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS visit_begun INSTEAD OF INSERT ON visit_begin
BEGIN
  -- Each makes one row, so a few are enough to keep up.
  DELETE FROM visit WHERE hash IN (SELECT hash FROM visit WHERE expires_at <= NEW.at ORDER BY expires_at LIMIT 100);
  INSERT INTO visit (hash, programme_no, is_ticket, expires_at)
    SELECT NEW.hash, coalesce((SELECT no FROM programme WHERE id = NEW.programme), 0), 0, NEW.expires_at WHERE NEW.programme IS NOT NULL;
  INSERT INTO visit (hash, programme_no, is_ticket, invitation, expires_at)
    SELECT NEW.hash, i.programme_no, 0, i.hash, NEW.expires_at
    FROM invitation AS i JOIN person AS p ON p.programme_no = i.programme_no AND p.folded = i.folded
    WHERE i.hash = NEW.invitation AND i.waits = 0 AND i.expires_at > NEW.at AND p.suspended = 0;
  INSERT INTO visit (hash, programme_no, is_ticket, session, expires_at)
    SELECT NEW.hash, programme_no, 0, session, NEW.expires_at FROM visit WHERE hash = NEW.ticket AND is_ticket = 1 AND expires_at > NEW.at;
  DELETE FROM visit WHERE hash = NEW.ticket AND is_ticket = 1;
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (SELECT 1 FROM visit WHERE hash = NEW.hash);
  -- The oldest with the same invitation make room: only a holder of its link pushes them out. A
  -- ticket makes one visit, and the others are counted before they begin (" visits" of
  -- failed_sign_in).
  DELETE FROM visit WHERE hash <> NEW.hash AND hash IN (
    SELECT hash FROM visit WHERE invitation = NEW.invitation ORDER BY hash = NEW.hash DESC, expires_at DESC, hash LIMIT -1 OFFSET NEW.most);
END
-- then
-- Sign-ins that failed. A subject is the person that was named, whether or not there is one; a
-- network address, which is of no programme: 0; or one of these, with a space in front, which no
-- person's id has as it is compared. A browser that a person has signed in with (" device " and the
-- hash of what it holds) counts its failures, as a person does, until they sign in or a day has
-- passed. All others count every attempt, and forget one after "forgets_every" milliseconds: such a
-- browser (" uses " and the hash), all such browsers of a person (" known " and the person) and of
-- a programme (" known"), everybody else (" strangers"), visits to a provider that begin ("
-- visits") and that ask it who was there (" callbacks"). Of programme -1 are strangers and visits
-- where there is no such programme, and the callbacks of all programmes.
CREATE TABLE IF NOT EXISTS failed_sign_in (
  programme_no INTEGER NOT NULL,
  subject TEXT NOT NULL,
  failures INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  -- From when on the time counts after which one is forgotten. The last attempt does not move it,
  -- else a busy address would never forget.
  forgets_from INTEGER NOT NULL,
  forgets_every INTEGER GENERATED ALWAYS AS (
    CASE WHEN programme_no = 0 THEN 300000 WHEN subject = ' strangers' THEN 500 WHEN programme_no = -1 AND subject = ' callbacks' THEN 50
      WHEN subject IN (' known', ' visits', ' callbacks') THEN 200 WHEN substr(subject, 1, 7) = ' known ' THEN 1000
      WHEN substr(subject, 1, 6) = ' uses ' THEN 5000 END) VIRTUAL,
  -- From so many on the next must wait.
  most INTEGER GENERATED ALWAYS AS (
    CASE WHEN programme_no = 0 THEN 20 WHEN subject = ' strangers' THEN 100 WHEN programme_no = -1 AND subject = ' callbacks' THEN 1200
      WHEN subject IN (' known', ' visits', ' callbacks') THEN 300 WHEN substr(subject, 1, 7) = ' known ' THEN 60
      WHEN substr(subject, 1, 6) = ' uses ' THEN 20 ELSE 5 END) VIRTUAL,
  -- What counts every attempt waits until one is forgotten. Everybody else waits 30 seconds at
  -- first, twice as long each time, 15 minutes at most.
  locked_until INTEGER GENERATED ALWAYS AS (
    CASE WHEN failures < most THEN 0 WHEN programme_no <> 0 AND forgets_every IS NOT NULL THEN forgets_from + forgets_every
    ELSE last_at + min(900000, 30000 << min(10, failures - most)) END) VIRTUAL,
  PRIMARY KEY (programme_no, subject)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS failed_sign_in_last ON failed_sign_in (programme_no, last_at)
-- then
-- The newest are kept, for it takes longer to push out a row of a programme by new ones than its
-- wait can last. Two strangers a second count, and each leaves two rows at most: a person's, or
-- those of a browser that is known from then on. So 5000 need 20 minutes, and nobody waits more
-- than 15. ADR 0124 tells what holds for addresses. What a clock that was set back since calls
-- later than now goes too: else rows of now would be the oldest.
CREATE TRIGGER IF NOT EXISTS failed_sign_in_is_forgotten AFTER INSERT ON failed_sign_in
BEGIN
  DELETE FROM failed_sign_in WHERE programme_no = NEW.programme_no AND last_at < NEW.last_at - 86400000;
  DELETE FROM failed_sign_in WHERE programme_no = NEW.programme_no AND last_at > NEW.last_at + 60000;
  DELETE FROM failed_sign_in WHERE programme_no = NEW.programme_no AND subject IN (
    SELECT subject FROM failed_sign_in WHERE programme_no = NEW.programme_no ORDER BY last_at DESC
    LIMIT -1 OFFSET CASE NEW.programme_no WHEN 0 THEN 20000 ELSE 5000 END);
END
-- then
-- Browsers that a person has signed in with, by the SHA-256 of what they hold: guesses of others do
-- not keep the person out there. One browser may be of several persons.
CREATE TABLE IF NOT EXISTS known_device (
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  programme_no INTEGER NOT NULL,
  folded TEXT NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (hash, programme_no, folded)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS known_device_person ON known_device (programme_no, folded, last_at)
-- then
CREATE INDEX IF NOT EXISTS known_device_last ON known_device (last_at)
-- then
-- A person has ten at most. One that was not used for 180 days counts no more (sign_in_find.sql),
-- and goes when a few others come, of whomever.
CREATE TRIGGER IF NOT EXISTS known_device_is_forgotten AFTER INSERT ON known_device
BEGIN
  DELETE FROM known_device WHERE (hash, programme_no, folded) IN (
    SELECT hash, programme_no, folded FROM known_device WHERE last_at <= NEW.last_at - 15552000000 ORDER BY last_at LIMIT 20);
  DELETE FROM known_device WHERE programme_no = NEW.programme_no AND folded = NEW.folded AND hash IN (
    SELECT hash FROM known_device WHERE programme_no = NEW.programme_no AND folded = NEW.folded ORDER BY last_at DESC LIMIT -1 OFFSET 10);
END
-- then
-- A person with all that is told of them.
CREATE VIEW IF NOT EXISTS person_standing AS
SELECT p.programme_no, p.folded, p.id, p.name, p.language, p.suspended, p.roles, c.set_at AS password_set_at, c.totp IS NOT NULL AS has_code,
  i.expires_at AS invited_until, i.waits AS invitation_waits, i.created_by AS invited_by, lower(hex(i.hash)) AS invitation
FROM person AS p
LEFT JOIN credential AS c ON c.programme_no = p.programme_no AND c.folded = p.folded
LEFT JOIN invitation AS i ON i.programme_no = p.programme_no AND i.folded = p.folded
-- then
-- Invites a person, who is made where there is none. Without a name it is an invitation of one who
-- has lost a password or a phone.
CREATE VIEW IF NOT EXISTS invitation_wish (programme_no, folded, id, name, language, roles, hash, at, expires_at, created_by, waits, who)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS invitation_made INSTEAD OF INSERT ON invitation_wish
BEGIN
  SELECT RAISE(IGNORE) WHERE CASE WHEN NEW.name IS NULL
    THEN NOT EXISTS (SELECT 1 FROM person WHERE programme_no = NEW.programme_no AND folded = NEW.folded AND name IS NOT NULL)
    ELSE EXISTS (SELECT 1 FROM credential WHERE programme_no = NEW.programme_no AND folded = NEW.folded) END
    -- An own role may be gone by now.
    OR EXISTS (SELECT 1 FROM json_each(NEW.roles) AS g WHERE g.value ->> 'base' IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM own_role WHERE programme_no = NEW.programme_no AND id = g.value ->> 'role' AND base = g.value ->> 'base'));
  INSERT INTO person (programme_no, folded, id, name, language, roles)
    SELECT NEW.programme_no, NEW.folded, NEW.id, NEW.name, NEW.language, NEW.roles WHERE NEW.name IS NOT NULL
    ON CONFLICT (programme_no, folded) DO UPDATE SET name = excluded.name, language = excluded.language, roles = excluded.roles;
  INSERT INTO invitation (programme_no, folded, hash, created_at, created_by, expires_at, waits)
    VALUES (NEW.programme_no, NEW.folded, NEW.hash, NEW.at, NEW.created_by, NEW.expires_at, NEW.waits)
    ON CONFLICT (programme_no, folded) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, created_by = excluded.created_by,
      expires_at = excluded.expires_at, waits = excluded.waits, totp = NULL;
  INSERT INTO audit SELECT programme_no, CASE WHEN NEW.name IS NULL THEN 'person_reset' ELSE 'person_invited' END, id, NEW.who, NULL,
      json_object('name', name, 'roles', json(roles), 'waits', NEW.waits, 'expires_at', NEW.expires_at)
    FROM person WHERE programme_no = NEW.programme_no AND folded = NEW.folded;
END
-- then
-- The person has chosen a password: replaces what they proved themselves by before.
CREATE VIEW IF NOT EXISTS invitation_acceptance (hash, at, password, step, recovery, who) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS invitation_accepted INSTEAD OF INSERT ON invitation_acceptance
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM invitation AS i JOIN person AS p ON p.programme_no = i.programme_no AND p.folded = i.folded
    WHERE i.hash = NEW.hash AND i.waits = 0 AND i.expires_at > NEW.at AND p.suspended = 0);
  INSERT INTO credential (programme_no, folded, password, totp, totp_step, recovery, set_at)
    SELECT programme_no, folded, NEW.password, CASE WHEN NEW.step IS NOT NULL THEN totp END, coalesce(NEW.step, 0), NEW.recovery, NEW.at
    FROM invitation WHERE hash = NEW.hash
    ON CONFLICT (programme_no, folded) DO UPDATE SET password = excluded.password, totp = excluded.totp, totp_step = excluded.totp_step,
      recovery = excluded.recovery, set_at = excluded.set_at, next_totp = NULL, next_totp_by = NULL;
  -- Two subqueries, as a pair compared by IN finds no row through the partial index.
  UPDATE api_key SET revoked_at = NEW.at, who = NEW.who
    WHERE session_until IS NOT NULL AND revoked_at IS NULL
    AND programme_no = (SELECT programme_no FROM invitation WHERE hash = NEW.hash)
    AND person_folded = (SELECT folded FROM invitation WHERE hash = NEW.hash);
  DELETE FROM failed_sign_in WHERE (programme_no, subject) IN (SELECT programme_no, folded FROM invitation WHERE hash = NEW.hash);
  DELETE FROM known_device WHERE (programme_no, folded) IN (SELECT programme_no, folded FROM invitation WHERE hash = NEW.hash);
  DELETE FROM identity WHERE (programme_no, folded) IN (SELECT programme_no, folded FROM invitation WHERE hash = NEW.hash);
  INSERT INTO audit SELECT i.programme_no, 'password_set', p.id, NEW.who, NULL, json_object('has_code', NEW.step IS NOT NULL)
    FROM invitation AS i JOIN person AS p ON p.programme_no = i.programme_no AND p.folded = i.folded WHERE i.hash = NEW.hash;
  DELETE FROM invitation WHERE hash = NEW.hash;
END
-- then
-- The person signs in by a provider from now on, and by nothing that they had before.
CREATE VIEW IF NOT EXISTS identity_acceptance (hash, at, provider, subject, who) AS SELECT NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS identity_accepted INSTEAD OF INSERT ON identity_acceptance
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM invitation AS i JOIN person AS p ON p.programme_no = i.programme_no AND p.folded = i.folded
    WHERE i.hash = NEW.hash AND i.waits = 0 AND i.expires_at > NEW.at AND p.suspended = 0
    AND NOT EXISTS (SELECT 1 FROM identity AS o WHERE o.programme_no = i.programme_no AND o.provider = NEW.provider AND o.subject = NEW.subject
      AND o.folded <> i.folded));
  INSERT INTO credential (programme_no, folded, totp_step, recovery, set_at)
    SELECT programme_no, folded, 0, '[]', NEW.at FROM invitation WHERE hash = NEW.hash
    ON CONFLICT (programme_no, folded) DO UPDATE SET password = NULL, totp = NULL, totp_step = 0, recovery = '[]', set_at = excluded.set_at,
      next_totp = NULL, next_totp_by = NULL;
  DELETE FROM identity WHERE (programme_no, folded) IN (SELECT programme_no, folded FROM invitation WHERE hash = NEW.hash);
  INSERT INTO identity (programme_no, provider, subject, folded, linked_at)
    SELECT programme_no, NEW.provider, NEW.subject, folded, NEW.at FROM invitation WHERE hash = NEW.hash;
  UPDATE api_key SET revoked_at = NEW.at, who = NEW.who
    WHERE session_until IS NOT NULL AND revoked_at IS NULL
    AND programme_no = (SELECT programme_no FROM invitation WHERE hash = NEW.hash)
    AND person_folded = (SELECT folded FROM invitation WHERE hash = NEW.hash);
  DELETE FROM failed_sign_in WHERE (programme_no, subject) IN (SELECT programme_no, folded FROM invitation WHERE hash = NEW.hash);
  DELETE FROM known_device WHERE (programme_no, folded) IN (SELECT programme_no, folded FROM invitation WHERE hash = NEW.hash);
  INSERT INTO audit SELECT i.programme_no, 'identity_linked', p.id, NEW.who, NULL, json_object('provider', NEW.provider)
    FROM invitation AS i JOIN person AS p ON p.programme_no = i.programme_no AND p.folded = i.folded WHERE i.hash = NEW.hash;
  DELETE FROM invitation WHERE hash = NEW.hash;
END
-- then
-- Another admin lets count what waits: roles, and the invitation with that hash (hexadecimal; null for
-- none). Nothing counts where either is another one by now.
CREATE VIEW IF NOT EXISTS person_approval (programme_no, folded, before, invitation, roles, who) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS person_approved INSTEAD OF INSERT ON person_approval
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM person_standing WHERE programme_no = NEW.programme_no AND folded = NEW.folded AND roles = NEW.before
    AND invitation IS NEW.invitation);
  -- Here, as the row of the person tells who changed it last, and not who approves.
  UPDATE api_key SET revoked_at = NEW.who ->> 'at', who = NEW.who
    WHERE programme_no = NEW.programme_no AND person_folded = NEW.folded AND session_until IS NOT NULL AND revoked_at IS NULL
    AND NEW.roles <> NEW.before;
  UPDATE person SET roles = NEW.roles WHERE programme_no = NEW.programme_no AND folded = NEW.folded;
  UPDATE invitation SET waits = 0 WHERE programme_no = NEW.programme_no AND folded = NEW.folded;
  INSERT INTO audit SELECT programme_no, 'person_approved', id, NEW.who, json_object('roles', json(NEW.before)), json_object('roles', json(roles))
    FROM person WHERE programme_no = NEW.programme_no AND folded = NEW.folded;
END
-- then
-- A session begins: an API key of the person. Nothing begins where the roles are others by now, or the
-- password, the codes that were compared with it, the code or the session that it follows was used up meanwhile.
-- settled: what this was no failure of, a JSON list of [programme number, subject, 1 where the ones before count no
-- more either].
CREATE VIEW IF NOT EXISTS session_start (
  programme_no, folded, roles, prefix, hash, lineage, role, own_role, stores, at, expires_at, until, password, totp, step, recovery, follows, settled, who,
  with_code, provider, subject
) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS session_started INSTEAD OF INSERT ON session_start
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
      SELECT 1 FROM person AS p JOIN credential AS c ON c.programme_no = p.programme_no AND c.folded = p.folded
      WHERE p.programme_no = NEW.programme_no AND p.folded = NEW.folded AND p.suspended = 0 AND p.roles = NEW.roles
      AND (NEW.password IS NULL OR c.password = NEW.password AND c.totp IS NEW.totp)
      AND (NEW.subject IS NULL OR EXISTS (
        SELECT 1 FROM identity AS i WHERE i.programme_no = p.programme_no AND i.provider = NEW.provider AND i.subject = NEW.subject AND i.folded = p.folded))
      AND (NEW.step IS NULL OR c.totp_step < NEW.step)
      AND (NEW.recovery IS NULL OR EXISTS (SELECT 1 FROM json_each(c.recovery) WHERE value = NEW.recovery)))
    OR (NEW.own_role IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM own_role WHERE programme_no = NEW.programme_no AND id = NEW.own_role AND base = NEW.role))
    OR (NEW.follows IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM api_key WHERE prefix = NEW.follows AND revoked_at IS NULL AND expires_at > NEW.at));
  UPDATE credential SET totp_step = coalesce(NEW.step, totp_step),
      recovery = CASE WHEN NEW.recovery IS NULL THEN recovery
        ELSE (SELECT json_group_array(value) FROM json_each(recovery) WHERE value <> NEW.recovery) END
    WHERE programme_no = NEW.programme_no AND folded = NEW.folded AND (NEW.step IS NOT NULL OR NEW.recovery IS NOT NULL);
  UPDATE api_key SET revoked_at = NEW.at, who = NEW.who WHERE prefix = NEW.follows;
  -- Those that are over, and the oldest beyond twenty.
  DELETE FROM api_key WHERE programme_no = NEW.programme_no AND person_folded = NEW.folded AND session_until IS NOT NULL
    AND (revoked_at IS NOT NULL OR expires_at <= NEW.at);
  DELETE FROM api_key WHERE prefix IN (
    SELECT prefix FROM api_key WHERE programme_no = NEW.programme_no AND person_folded = NEW.folded AND session_until IS NOT NULL
    ORDER BY created_at DESC, prefix LIMIT -1 OFFSET 19);
  DELETE FROM failed_sign_in WHERE (programme_no, subject) IN (
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.settled) WHERE value ->> 2 = 1);
  UPDATE failed_sign_in SET failures = failures - 1 WHERE (programme_no, subject) IN (
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.settled) WHERE value ->> 2 = 0);
  INSERT INTO api_key (prefix, programme_no, role, own_role, permissions, label, hash, lineage, person, person_folded, stores, created_at, created_by, last_used_at, expires_at,
      session_until, who, session_code)
    SELECT NEW.prefix, NEW.programme_no, NEW.role, NEW.own_role,
      (SELECT permissions FROM own_role WHERE programme_no = NEW.programme_no AND id = NEW.own_role), 'session', NEW.hash, NEW.lineage, id, NEW.folded, NEW.stores, NEW.at, id, NEW.at, NEW.expires_at,
      NEW.until, NEW.who, NEW.with_code
    FROM person WHERE programme_no = NEW.programme_no AND folded = NEW.folded;
END
-- then
-- A session and the proof that was given in it still count: the password and, where codes are set up, a
-- code of them. What a person changes about themselves asks this.
CREATE VIEW IF NOT EXISTS credential_of_session AS
SELECT k.prefix, k.expires_at, c.programme_no, c.folded, c.password, c.totp, c.totp_step, c.recovery,
  c.next_totp, c.next_totp_by, c.next_totp_until, p.id
FROM api_key AS k
JOIN person AS p ON p.programme_no = k.programme_no AND p.folded = k.person_folded
JOIN credential AS c ON c.programme_no = k.programme_no AND c.folded = k.person_folded
WHERE k.session_until IS NOT NULL AND k.revoked_at IS NULL AND p.suspended = 0
-- then
-- A person changes what they prove themselves by: the password, the recovery codes, or the secret of
-- codes that is set up next, which lapses after ten minutes. With another password their link and all their
-- sessions end, this one as well. settled: as of a session that begins.
CREATE VIEW IF NOT EXISTS credential_change (session, at, proven, totp, step, recovery, password, codes, next_totp, settled, who)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS credential_changed INSTEAD OF INSERT ON credential_change
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM credential_of_session AS c
    WHERE c.prefix = NEW.session AND c.expires_at > NEW.at AND c.password = NEW.proven AND c.totp IS NEW.totp
    AND (c.totp IS NULL OR NEW.step IS NOT NULL OR NEW.recovery IS NOT NULL)
    AND (NEW.step IS NULL OR c.totp_step < NEW.step)
    AND (NEW.recovery IS NULL OR EXISTS (SELECT 1 FROM json_each(c.recovery) WHERE value = NEW.recovery)));
  UPDATE credential SET password = coalesce(NEW.password, password), set_at = CASE WHEN NEW.password IS NULL THEN set_at ELSE NEW.at END,
      totp_step = coalesce(NEW.step, totp_step),
      recovery = CASE WHEN NEW.codes IS NOT NULL THEN NEW.codes WHEN NEW.recovery IS NULL THEN recovery
        ELSE (SELECT json_group_array(value) FROM json_each(recovery) WHERE value <> NEW.recovery) END,
      next_totp = NEW.next_totp, next_totp_by = CASE WHEN NEW.next_totp IS NOT NULL THEN NEW.session END,
      next_totp_until = CASE WHEN NEW.next_totp IS NOT NULL THEN NEW.at + 600000 END
    WHERE programme_no = (SELECT programme_no FROM credential_of_session WHERE prefix = NEW.session)
    AND folded = (SELECT folded FROM credential_of_session WHERE prefix = NEW.session);
  DELETE FROM failed_sign_in WHERE (programme_no, subject) IN (
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.settled) WHERE value ->> 2 = 1);
  UPDATE failed_sign_in SET failures = failures - 1 WHERE (programme_no, subject) IN (
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.settled) WHERE value ->> 2 = 0);
  DELETE FROM invitation WHERE NEW.password IS NOT NULL
    AND programme_no = (SELECT programme_no FROM credential_of_session WHERE prefix = NEW.session)
    AND folded = (SELECT folded FROM credential_of_session WHERE prefix = NEW.session);
  -- A browser that was known with the password before is a stranger.
  DELETE FROM known_device WHERE NEW.password IS NOT NULL
    AND (programme_no, folded) IN (SELECT programme_no, folded FROM credential_of_session WHERE prefix = NEW.session);
  INSERT INTO audit SELECT programme_no,
      CASE WHEN NEW.password IS NOT NULL THEN 'password_changed' WHEN NEW.codes IS NOT NULL THEN 'recovery_codes_made' ELSE 'codes_begun' END,
      id, NEW.who, NULL, NULL
    FROM credential_of_session WHERE prefix = NEW.session;
  -- Last, as the steps before find the person by the session.
  UPDATE api_key SET revoked_at = NEW.at, who = NEW.who
    WHERE NEW.password IS NOT NULL AND session_until IS NOT NULL AND revoked_at IS NULL
    AND programme_no = (SELECT programme_no FROM api_key WHERE prefix = NEW.session)
    AND person_folded = (SELECT person_folded FROM api_key WHERE prefix = NEW.session);
END
-- then
-- The secret that was set up next counts from now on, with new recovery codes, and all other sessions of
-- the person end.
CREATE VIEW IF NOT EXISTS code_confirmation (session, at, totp, step, codes, who) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS code_confirmed INSTEAD OF INSERT ON code_confirmation
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM credential_of_session AS c
    WHERE c.prefix = NEW.session AND c.expires_at > NEW.at AND c.next_totp = NEW.totp AND c.next_totp_by = NEW.session
    AND c.next_totp_until > NEW.at);
  UPDATE credential SET totp = next_totp, totp_step = NEW.step, recovery = NEW.codes, next_totp = NULL, next_totp_by = NULL, next_totp_until = NULL
    WHERE programme_no = (SELECT programme_no FROM credential_of_session WHERE prefix = NEW.session)
    AND folded = (SELECT folded FROM credential_of_session WHERE prefix = NEW.session);
  UPDATE api_key SET revoked_at = NEW.at, who = NEW.who
    WHERE session_until IS NOT NULL AND revoked_at IS NULL AND prefix <> NEW.session
    AND programme_no = (SELECT programme_no FROM api_key WHERE prefix = NEW.session)
    AND person_folded = (SELECT person_folded FROM api_key WHERE prefix = NEW.session);
  INSERT INTO audit SELECT programme_no, 'codes_set', id, NEW.who, NULL, NULL FROM credential_of_session WHERE prefix = NEW.session;
END
-- then
-- The person of a session has proved that it is them, and may be linked with a provider for a while.
CREATE VIEW IF NOT EXISTS ticket_wish (session, hash, at, expires_at, proven, totp, step, recovery, settled, who)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS ticket_made INSTEAD OF INSERT ON ticket_wish
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM credential_of_session AS c
    WHERE c.prefix = NEW.session AND c.expires_at > NEW.at AND c.password = NEW.proven AND c.totp IS NEW.totp
    AND (c.totp IS NULL OR NEW.step IS NOT NULL OR NEW.recovery IS NOT NULL)
    AND (NEW.step IS NULL OR c.totp_step < NEW.step)
    AND (NEW.recovery IS NULL OR EXISTS (SELECT 1 FROM json_each(c.recovery) WHERE value = NEW.recovery)));
  UPDATE credential SET totp_step = coalesce(NEW.step, totp_step),
      recovery = CASE WHEN NEW.recovery IS NULL THEN recovery
        ELSE (SELECT json_group_array(value) FROM json_each(recovery) WHERE value <> NEW.recovery) END
    WHERE (programme_no, folded) IN (SELECT programme_no, folded FROM credential_of_session WHERE prefix = NEW.session);
  DELETE FROM failed_sign_in WHERE (programme_no, subject) IN (
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.settled) WHERE value ->> 2 = 1);
  UPDATE failed_sign_in SET failures = failures - 1 WHERE (programme_no, subject) IN (
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.settled) WHERE value ->> 2 = 0);
  DELETE FROM visit WHERE session = NEW.session OR expires_at <= NEW.at;
  INSERT INTO visit (hash, programme_no, is_ticket, session, expires_at)
    SELECT NEW.hash, programme_no, 1, prefix, NEW.expires_at FROM credential_of_session WHERE prefix = NEW.session;
END
-- then
CREATE VIEW IF NOT EXISTS identity_link (session, provider, subject, at, who) AS SELECT NULL, NULL, NULL, NULL, NULL
-- then
-- A person has one identity of each provider.
CREATE TRIGGER IF NOT EXISTS identity_linked INSTEAD OF INSERT ON identity_link
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM credential_of_session AS c WHERE c.prefix = NEW.session AND c.expires_at > NEW.at
    AND NOT EXISTS (SELECT 1 FROM identity AS o WHERE o.programme_no = c.programme_no AND o.provider = NEW.provider AND o.subject = NEW.subject
      AND o.folded <> c.folded));
  DELETE FROM identity WHERE provider = NEW.provider
    AND (programme_no, folded) IN (SELECT programme_no, folded FROM credential_of_session WHERE prefix = NEW.session);
  INSERT INTO identity (programme_no, provider, subject, folded, linked_at)
    SELECT programme_no, NEW.provider, NEW.subject, folded, NEW.at FROM credential_of_session WHERE prefix = NEW.session;
  INSERT INTO audit SELECT programme_no, 'identity_linked', id, NEW.who, NULL, json_object('provider', NEW.provider)
    FROM credential_of_session WHERE prefix = NEW.session;
END
-- then
-- A suspended person has no sessions, and their keys do not count until they are restored.
CREATE TRIGGER IF NOT EXISTS person_suspended AFTER UPDATE OF suspended ON person WHEN NEW.suspended <> OLD.suspended
BEGIN
  UPDATE api_key SET waits = CASE NEW.suspended WHEN 1 THEN 2 ELSE 0 END
    WHERE programme_no = NEW.programme_no AND person_folded = NEW.folded AND session_until IS NULL
    AND waits = CASE NEW.suspended WHEN 1 THEN 0 ELSE 2 END;
  UPDATE api_key SET revoked_at = NEW.who ->> 'at', who = NEW.who
    WHERE programme_no = NEW.programme_no AND person_folded = NEW.folded AND session_until IS NOT NULL AND revoked_at IS NULL;
END
-- then
-- A session has the role and the stores that it began with. So it ends when those change.
CREATE TRIGGER IF NOT EXISTS person_acts_otherwise AFTER UPDATE OF roles ON person WHEN NEW.roles <> OLD.roles
BEGIN
  UPDATE api_key SET revoked_at = coalesce(NEW.who ->> 'at', created_at), who = coalesce(NEW.who, json_object('at', created_at))
    WHERE programme_no = NEW.programme_no AND person_folded = NEW.folded AND session_until IS NOT NULL AND revoked_at IS NULL;
END
-- then
-- What makes digests of this database, so that erased data cannot be guessed from them.
CREATE TABLE IF NOT EXISTS secret (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID
-- then
-- ── Members and lots ──────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS member (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  head BLOB NOT NULL CHECK (length(head) = 32),
  -- What is left in all lots; the ledger's balance is that less the debt.
  points_in_lots INTEGER NOT NULL CHECK (points_in_lots >= 0),
  debt INTEGER NOT NULL DEFAULT 0 CHECK (debt >= 0),
  lots_granted INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  tier TEXT,
  tier_since INTEGER,
  tier_until INTEGER,
  qualification TEXT NOT NULL,
  counters TEXT NOT NULL,
  -- Rare parts of the state, a JSON object: holds, requests, reviews, coupons, pool … ; null when
  -- there are none.
  state TEXT,
  due_at INTEGER,
  reminded_at INTEGER,
  UNIQUE (programme_no, id)
) STRICT
-- then
-- Entries and lots name a member by its number, and no foreign key holds it: see entry.
CREATE TRIGGER IF NOT EXISTS member_is_never_deleted BEFORE DELETE ON member
BEGIN
  SELECT RAISE(ABORT, 'members stay');
END
-- then
CREATE TRIGGER IF NOT EXISTS member_keeps_its_number BEFORE UPDATE OF no ON member WHEN NEW.no <> OLD.no
BEGIN
  SELECT RAISE(ABORT, 'members keep their number');
END
-- then
CREATE INDEX IF NOT EXISTS member_due ON member (programme_no, due_at, no) WHERE due_at IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS member_tier_end ON member (programme_no, tier_until) WHERE tier_until IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS member_state ON member (programme_no, no) WHERE state IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS member_tier ON member (programme_no, tier, id) WHERE tier IS NOT NULL
-- then
-- How many members have which tier, '' for none. The triggers below keep it: to count would be to
-- read the index of all members.
CREATE TABLE IF NOT EXISTS tier_count (
  programme_no INTEGER NOT NULL,
  tier TEXT NOT NULL,
  members INTEGER NOT NULL,
  PRIMARY KEY (programme_no, tier)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS member_is_counted AFTER INSERT ON member
BEGIN
  INSERT INTO tier_count (programme_no, tier, members) VALUES (NEW.programme_no, ifnull(NEW.tier, ''), 1)
    ON CONFLICT (programme_no, tier) DO UPDATE SET members = members + 1;
END
-- then
CREATE TRIGGER IF NOT EXISTS member_changes_tier AFTER UPDATE OF tier ON member WHEN NEW.tier IS NOT OLD.tier
BEGIN
  UPDATE tier_count SET members = members - 1 WHERE programme_no = OLD.programme_no AND tier = ifnull(OLD.tier, '');
  INSERT INTO tier_count (programme_no, tier, members) VALUES (NEW.programme_no, ifnull(NEW.tier, ''), 1)
    ON CONFLICT (programme_no, tier) DO UPDATE SET members = members + 1;
END
-- then
-- What a merchant says about a member. Mutable, and kept out of the entries, so that it can be
-- erased.
CREATE TABLE IF NOT EXISTS profile (
  member_no INTEGER PRIMARY KEY REFERENCES member (no),
  attributes TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  -- Copies of those of the member's tags that the published rulebook names, with commas between, so
  -- that an earn reads them here; null for none. And as of when they were told.
  tags TEXT,
  tags_at INTEGER,
  -- What rules may ask for.
  told TEXT GENERATED ALWAYS AS (CASE WHEN tags IS NULL THEN attributes ELSE json_set(attributes, '$."#tags"', tags) END) VIRTUAL
) STRICT
-- then
CREATE TABLE IF NOT EXISTS lot (
  -- No REFERENCES: see entry.
  member_no INTEGER NOT NULL,
  -- A row without a number is not written: see posting_commit.
  number INTEGER NOT NULL ON CONFLICT IGNORE,
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
-- ── Passes of members ─────────────────────────────────────────────────────────────────────────────────────────────

-- What lets a member's browser read that member's own account. The secret is not stored.
CREATE TABLE IF NOT EXISTS pass (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  member_no INTEGER NOT NULL,
  -- The member's last entry at that time: what freezes or closes the account later ends the pass.
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- Moves on with its use, until "until".
  expires_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  -- The caller that made it, and the line of keys of that: the pass ends with the last of them.
  made_by TEXT NOT NULL,
  lineage TEXT NOT NULL,
  -- 1 where the shop's own system made it; what a person makes reads only.
  may_write INTEGER NOT NULL,
  -- The digest of the device that the shop named; null for none.
  device TEXT,
  -- Receipts scanned and consents told since then.
  writes INTEGER NOT NULL DEFAULT 0,
  writes_from INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS pass_member ON pass (member_no, created_at)
-- then
CREATE INDEX IF NOT EXISTS pass_end ON pass (expires_at)
-- then
-- Some of those that are over, and the oldest of a member beyond five.
CREATE TRIGGER IF NOT EXISTS pass_forgotten AFTER INSERT ON pass
BEGIN
  DELETE FROM pass WHERE hash IN (SELECT hash FROM pass WHERE expires_at <= NEW.created_at ORDER BY expires_at LIMIT 20);
  DELETE FROM pass WHERE hash IN (SELECT hash FROM pass WHERE member_no = NEW.member_no ORDER BY created_at DESC, hash LIMIT -1 OFFSET 5);
END
-- then
-- ── Stores ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS store (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  -- A path with a slash behind each part, such as "east/shanghai/": what begins so lies within.
  region TEXT NOT NULL,
  department TEXT,
  -- The id of a person.
  manager TEXT,
  -- Local days, such as 2026-03-01.
  opened_on TEXT,
  closed_on TEXT,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  who TEXT NOT NULL,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- Keys by which the tills of a store sign receipts for QR codes.
CREATE TABLE IF NOT EXISTS qr_key (
  -- Receipts name it. It is the only one of this name in the database.
  kid TEXT PRIMARY KEY,
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  store TEXT NOT NULL,
  label TEXT NOT NULL,
  -- Sealed as the secrets of endpoints are.
  secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  retired_at INTEGER,
  retired_by TEXT,
  -- From this instant on somebody else may have had it; null while nobody says so.
  leaked_at INTEGER,
  who TEXT NOT NULL
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS qr_key_programme ON qr_key (programme_no, kid)
-- then
CREATE INDEX IF NOT EXISTS qr_key_store ON qr_key (programme_no, store, created_at)
-- then
-- Receipts of a key that was retired 90 days ago are too old to count.
CREATE TRIGGER IF NOT EXISTS qr_key_forgotten AFTER INSERT ON qr_key
BEGIN
  DELETE FROM qr_key WHERE programme_no = NEW.programme_no AND store = NEW.store AND retired_at < NEW.created_at - 7776000000;
END
-- then
-- The stores that entries name, registered or not, each with the first of these entries.
CREATE TABLE IF NOT EXISTS named_store (
  programme_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  entry_no INTEGER NOT NULL,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- ── Names of members ──────────────────────────────────────────────────────────────────────────────────────────────

-- Other names of members: a phone number, an openid, a card; and "id:" with the id of an account
-- that was merged into the member.
CREATE TABLE IF NOT EXISTS alias (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  alias TEXT NOT NULL,
  member_no INTEGER NOT NULL REFERENCES member (no),
  PRIMARY KEY (programme_no, alias)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS alias_member ON alias (member_no)
-- then
-- Ids of merged accounts outlive the account: by them alone other programmes of the group recognise
-- an erased member. Ids say nothing about a person. All other names of an erased member go.
CREATE TRIGGER IF NOT EXISTS merged_ids_stay BEFORE DELETE ON alias WHEN OLD.alias LIKE 'id:%' BEGIN SELECT RAISE(IGNORE); END
-- then
-- The member that is meant by a name in a programme: the row with the least distance. First its own
-- members; then a person who bears the name elsewhere in the group: the account that the person has
-- here, or the id that it gets one under. An empty id is an account here that is closed for good:
-- the name finds nobody and is given to nobody. The inner SELECT names what it is sorted by, as
-- SQLite before 3.50 does not find columns of the outer one.
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
    ) ORDER BY state = 'open' DESC, state = 'closed' DESC, is_former, account NULLS FIRST, id LIMIT 1
  ) END AS member_id,
  CASE WHEN a.programme_no = p.no THEN 0 ELSE a.programme_no END AS distance
FROM programme AS p
-- IN and not UNION: SQLite looks into a view that is one SELECT.
CROSS JOIN alias AS a ON a.programme_no IN (SELECT p.no UNION ALL SELECT kin_no FROM kin WHERE kin.programme_no = p.no)
CROSS JOIN member AS o ON o.no = a.member_no
WHERE a.programme_no = p.no OR a.alias NOT LIKE 'id:%'
-- then
-- Names that two programmes give to members who are not the same person by any merger in the group
-- of the other: why the two cannot be of one group.
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
-- ── Entries ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- "no" counts entries of all programmes in the order of commit: the cursor of event streams.
CREATE TABLE IF NOT EXISTS entry (
  no INTEGER PRIMARY KEY,
  -- No REFERENCES: the statement that writes an entry has looked its member up. The audit asks for
  -- rows without a member or a programme.
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  id BLOB NOT NULL CHECK (length(id) = 16),
  kind TEXT NOT NULL,
  points INTEGER NOT NULL,
  balance_after INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  body TEXT NOT NULL,
  -- The free texts, of which the body has the digest; null where there are none, and once they were
  -- erased.
  texts TEXT,
  -- What queries ask for of the body.
  corrects BLOB,
  cause BLOB,
  counterparty TEXT,
  store TEXT
) STRICT
-- then
CREATE UNIQUE INDEX IF NOT EXISTS entry_sequence ON entry (member_no, sequence)
-- then
-- Entries that are looked up by their id.
CREATE UNIQUE INDEX IF NOT EXISTS entry_by_id ON entry (programme_no, id) WHERE kind IN ('donate', 'grant', 'hold', 'capture', 'redeem', 'request', 'transfer', 'coupon_redeem')
-- then
-- Entries that resolve or undo another one.
CREATE INDEX IF NOT EXISTS entry_by_corrected ON entry (programme_no, corrects) WHERE corrects IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS entry_by_cause ON entry (programme_no, cause) WHERE kind = 'transfer'
-- then
CREATE INDEX IF NOT EXISTS entry_expire ON entry (member_no, sequence) WHERE kind = 'expire'
-- then
-- For reports on exchanges, of which there are few beside everything else.
CREATE INDEX IF NOT EXISTS entry_exchanged ON entry (programme_no) WHERE kind = 'exchange'
-- then
-- The free texts of an erased account, and of one that became part of it, are taken out; nothing
-- else of an entry ever changes.
CREATE TRIGGER IF NOT EXISTS entry_is_never_updated BEFORE UPDATE ON entry
BEGIN
  SELECT RAISE(ABORT, 'entries are append-only') WHERE NOT (
    OLD.no = NEW.no AND OLD.programme_no = NEW.programme_no AND OLD.member_no = NEW.member_no AND OLD.sequence = NEW.sequence AND OLD.id = NEW.id
    AND OLD.kind = NEW.kind AND OLD.points = NEW.points AND OLD.balance_after = NEW.balance_after AND OLD.occurred_at = NEW.occurred_at
    AND OLD.recorded_at = NEW.recorded_at AND OLD.hash = NEW.hash AND OLD.corrects IS NEW.corrects AND OLD.cause IS NEW.cause
    AND OLD.counterparty IS NEW.counterparty AND OLD.store IS NEW.store
    AND OLD.body = NEW.body AND NEW.texts IS NULL AND OLD.kind <> 'erase'
    AND EXISTS (SELECT 1 FROM member AS m WHERE m.no = OLD.member_no AND m.state ->> '$.closed' IS NOT NULL AND (
      m.state ->> '$.closed' = '' OR EXISTS (SELECT 1 FROM alias AS a CROSS JOIN member AS own ON own.no = a.member_no
        WHERE a.programme_no = m.programme_no AND a.alias = 'id:' || m.id AND own.state ->> '$.closed' = ''))));
END
-- then
CREATE TRIGGER IF NOT EXISTS entry_is_never_deleted BEFORE DELETE ON entry
BEGIN
  SELECT RAISE(ABORT, 'entries are append-only');
END
-- then
-- INSERT OR REPLACE takes rows away without firing the trigger above.
CREATE TRIGGER IF NOT EXISTS entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE no = NEW.no OR (member_no = NEW.member_no AND sequence = NEW.sequence))
  OR (NEW.kind <> 'earn' AND EXISTS (
    SELECT 1 FROM entry WHERE programme_no = NEW.programme_no AND id = NEW.id
    AND kind IN ('donate', 'grant', 'hold', 'capture', 'redeem', 'request', 'transfer', 'coupon_redeem')))
BEGIN
  SELECT RAISE(ABORT, 'entries are append-only');
END
-- then
CREATE TRIGGER IF NOT EXISTS entry_names_a_store AFTER INSERT ON entry
WHEN NEW.store IS NOT NULL AND NOT EXISTS (SELECT 1 FROM named_store WHERE programme_no = NEW.programme_no AND id = NEW.store)
BEGIN
  INSERT INTO named_store (programme_no, id, entry_no) VALUES (NEW.programme_no, NEW.store, NEW.no);
END
-- then
-- ── What entries do outside their member ──────────────────────────────────────────────────────────────────────────

-- Counters of the whole programme: devices, stock, budgets.
CREATE TABLE IF NOT EXISTS tally (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  subject TEXT NOT NULL,
  name TEXT NOT NULL,
  period INTEGER NOT NULL,
  -- No CHECK: what is given back is inserted before it meets the row that it is subtracted from.
  -- The audit asks.
  amount INTEGER NOT NULL,
  PRIMARY KEY (programme_no, subject, name, period)
) STRICT, WITHOUT ROWID
-- then
-- From which device and address an entry was asked for. Identifies a person, so it is kept out of
-- the entries and can be erased.
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
CREATE INDEX IF NOT EXISTS trace_entry ON trace (programme_no, entry_no)
-- then
-- The member that a coupon's code belongs to. What became of it is in the member's entries.
CREATE TABLE IF NOT EXISTS coupon (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  code TEXT NOT NULL,
  member_no INTEGER NOT NULL REFERENCES member (no),
  PRIMARY KEY (programme_no, code)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS coupon_member ON coupon (member_no)
-- then
-- Earns that wait or waited for a review, by the ids of their entries. An index over all earns
-- would cost every one of them.
CREATE TABLE IF NOT EXISTS review (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  entry_id BLOB NOT NULL,
  entry_no INTEGER NOT NULL REFERENCES entry (no),
  PRIMARY KEY (programme_no, entry_id)
) STRICT, WITHOUT ROWID
-- then
-- ── Idempotency keys, references and kept answers ─────────────────────────────────────────────────────────────────

-- Names that a programme gives once: idempotency keys, each with the line of API keys and the
-- operation in front, references of documents, each with the event in front, and proofs by which
-- members show that it is they who ask. A name that two requests want at once goes to the one that is
-- written first.
CREATE TABLE IF NOT EXISTS claim (
  programme_no INTEGER NOT NULL,
  -- No list: of three values SQLite makes a table for each row that it checks.
  kind TEXT NOT NULL CHECK (kind = 'key' OR kind = 'reference' OR kind = 'proof'),
  -- A row without a name is not written: see posting_commit. A name that is taken is an error.
  name TEXT NOT NULL ON CONFLICT IGNORE,
  -- The entry that the command asked for; null for a key that has a kept answer.
  entry_no INTEGER,
  -- Of a key: what the request was made of, and the entries of that member that its command wrote.
  fingerprint BLOB CHECK (kind <> 'key' OR length(coalesce(fingerprint, '')) = 16),
  first_sequence INTEGER,
  last_sequence INTEGER,
  PRIMARY KEY (programme_no, kind, name)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS claim_is_never_updated BEFORE UPDATE ON claim
BEGIN
  SELECT RAISE(ABORT, 'claims are append-only');
END
-- then
CREATE TRIGGER IF NOT EXISTS claim_of_an_entry_is_never_deleted BEFORE DELETE ON claim WHEN OLD.entry_no IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'claims are append-only');
END
-- then
-- Answers that no entry tells, kept under their keys so that a retry gets the same: refusals, and
-- receipts, which are the answers of publications, endpoints and revocations.
CREATE TABLE IF NOT EXISTS answer (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  -- The key, as it is claimed.
  name TEXT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('refusal', 'receipt')),
  -- Of a refusal: names the occurrence.
  id TEXT,
  -- Of a receipt: the HTTP status.
  status INTEGER,
  body TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, name)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS answer_age ON answer (programme_no, what, recorded_at)
-- then
-- How many answers of each sort a programme has. A caller that sends requests without end keeps the
-- newest of them, and fills no disk between two nights. The count is read in a CASE: in a WHERE,
-- SQLite would read it for every row that is kept.
CREATE TABLE IF NOT EXISTS kept_count (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  what TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (programme_no, what)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS answer_counted AFTER INSERT ON answer
BEGIN
  INSERT INTO kept_count VALUES (NEW.programme_no, NEW.what, 1) ON CONFLICT DO UPDATE SET number = number + 1;
  DELETE FROM answer WHERE programme_no = NEW.programme_no AND name =
    CASE WHEN (SELECT number FROM kept_count WHERE programme_no = NEW.programme_no AND what = NEW.what)
        > CASE NEW.what WHEN 'refusal' THEN 1000000 ELSE 100000 END
      THEN (SELECT name FROM answer WHERE programme_no = NEW.programme_no AND what = NEW.what ORDER BY recorded_at LIMIT 1) END;
END
-- then
-- A key whose answer is forgotten is free again.
CREATE TRIGGER IF NOT EXISTS answer_uncounted AFTER DELETE ON answer
BEGIN
  DELETE FROM claim WHERE programme_no = OLD.programme_no AND kind = 'key' AND name = OLD.name;
  UPDATE kept_count SET number = number - 1 WHERE programme_no = OLD.programme_no AND what = OLD.what;
END
-- then
-- The command table of answers: claims the key and keeps the answer, or neither when the key is
-- taken.
CREATE VIEW IF NOT EXISTS answering (programme_no, name, fingerprint, what, id, status, body, recorded_at)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS answering_commit INSTEAD OF INSERT ON answering
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS
    (SELECT 1 FROM claim WHERE programme_no = NEW.programme_no AND kind = 'key' AND name = NEW.name);
  INSERT INTO claim (programme_no, kind, name, fingerprint) VALUES (NEW.programme_no, 'key', NEW.name, unhex(NEW.fingerprint));
  INSERT INTO answer (programme_no, name, what, id, status, body, recorded_at)
    VALUES (NEW.programme_no, NEW.name, NEW.what, NEW.id, NEW.status, NEW.body, NEW.recorded_at);
END
-- then
-- ── The command table ─────────────────────────────────────────────────────────────────────────────────────────────

-- One row is one entry with everything that goes with it. Several rows of one member are chained by
-- expected_head, so that when the first is skipped all of them are. Statements of the trigger have
-- VALUES, and what few entries need is in triggers with WHEN: SQLite would pass selected rows
-- through a temporary table, also where there are none.
CREATE VIEW IF NOT EXISTS posting (
  programme_no, member_id, expected_head, claim_key, claim_reference,
  sequence, head, balance, debt, state, lots_granted, joined_at, tier, tier_since, tier_until, qualification, counters, due_at,
  reminded_at, id, kind, points, occurred_at, recorded_at, body, texts, corrects, cause, counterparty, store,
  key, fingerprint, reference, first_sequence, last_sequence,
  lot_number, lot_source, lot_points, lot_earned_at, lot_available_at, lot_expires_at, lot_pending, grants, moves
) AS SELECT
  NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_commit INSTEAD OF INSERT ON posting
BEGIN
  -- What must not happen is skipped: another entry came first, or the key or reference is taken.
  -- A skipped row is absent from RETURNING.
  SELECT RAISE(IGNORE) WHERE
    (SELECT head FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id) IS NOT NEW.expected_head
    OR EXISTS (SELECT 1 FROM claim WHERE programme_no = NEW.programme_no AND kind = 'key' AND name = NEW.claim_key)
    OR EXISTS (SELECT 1 FROM claim WHERE programme_no = NEW.programme_no AND kind = 'reference' AND name = NEW.claim_reference);
  INSERT INTO member (programme_no, id, sequence, head, points_in_lots, debt, state, lots_granted, joined_at, tier, tier_since,
      tier_until, qualification, counters, due_at, reminded_at)
    VALUES (NEW.programme_no, NEW.member_id, NEW.sequence, NEW.head, NEW.balance + NEW.debt, NEW.debt, NEW.state, NEW.lots_granted,
      NEW.joined_at, NEW.tier, NEW.tier_since, NEW.tier_until, NEW.qualification, NEW.counters, NEW.due_at, NEW.reminded_at)
    ON CONFLICT (programme_no, id) DO UPDATE SET sequence = excluded.sequence, head = excluded.head, points_in_lots = excluded.points_in_lots,
      debt = excluded.debt, state = excluded.state, lots_granted = excluded.lots_granted, tier_since = excluded.tier_since,
      qualification = excluded.qualification, counters = excluded.counters, reminded_at = excluded.reminded_at;
  -- Indexed columns only when they change: an index entry is rewritten whenever its column is named
  -- in an UPDATE.
  UPDATE member SET due_at = NEW.due_at, tier = NEW.tier, tier_until = NEW.tier_until
    WHERE programme_no = NEW.programme_no AND id = NEW.member_id
    AND (due_at IS NOT NEW.due_at OR tier IS NOT NEW.tier OR tier_until IS NOT NEW.tier_until);
  INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body, texts,
      corrects, cause, counterparty, store)
    VALUES (NEW.programme_no, (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id), NEW.sequence,
      NEW.id, NEW.kind, NEW.points, NEW.balance, NEW.occurred_at, NEW.recorded_at, NEW.head, NEW.body, NEW.texts,
      NEW.corrects, NEW.cause, NEW.counterparty, NEW.store);
  -- The greatest number is that of the new entry. Names that are null are ignored, see the table.
  INSERT INTO claim (programme_no, kind, name, entry_no, fingerprint, first_sequence, last_sequence)
    VALUES (NEW.programme_no, 'key', NEW.key, (SELECT max(no) FROM entry), unhex(NEW.fingerprint), NEW.first_sequence, NEW.last_sequence);
  INSERT INTO claim (programme_no, kind, name, entry_no) VALUES (NEW.programme_no, 'reference', NEW.reference, (SELECT max(no) FROM entry));
  -- Nearly every entry grants one lot or none; a number that is null is ignored, see the table.
  INSERT INTO lot (member_no, number, source, granted, remaining, earned_at, available_at, expires_at, pending)
    VALUES ((SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id), NEW.lot_number, NEW.lot_source, NEW.lot_points,
      NEW.lot_points, NEW.lot_earned_at, NEW.lot_available_at, NEW.lot_expires_at, NEW.lot_pending);
  INSERT INTO posting_lots VALUES (NEW.programme_no, NEW.member_id, NEW.grants, NEW.moves);
END
-- then
-- Lots beyond the first one of an entry, [[number, source, points, earned_at, available_at,
-- expires_at, pending], …], and lots that it changes, [[lot, points drawn (negative when they come
-- back), 1 when it becomes active, new available_at and expires_at if any], …]. Only the trigger of
-- posting writes to it. The subquery keeps SQLite from walking every lot the member ever had: LIMIT
-- makes it a list that each lot is looked up from.
CREATE VIEW IF NOT EXISTS posting_lots (programme_no, member_id, grants, moves) AS SELECT NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_lots_commit INSTEAD OF INSERT ON posting_lots WHEN NEW.grants IS NOT NULL OR NEW.moves IS NOT NULL
BEGIN
  INSERT INTO lot (member_no, number, source, granted, remaining, earned_at, available_at, expires_at, pending)
    SELECT no, value ->> 0, value ->> 1, value ->> 2, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(NEW.grants), member
    WHERE NEW.grants IS NOT NULL AND programme_no = NEW.programme_no AND member.id = NEW.member_id;
  UPDATE lot SET remaining = remaining - move.drawn, pending = pending AND NOT move.activated,
      available_at = coalesce(move.from_at, available_at), expires_at = coalesce(move.to_at, expires_at)
    FROM (SELECT no, value ->> 0 AS number, value ->> 1 AS drawn, value ->> 2 AS activated, value ->> 3 AS from_at, value ->> 4 AS to_at
      FROM json_each(NEW.moves), member
      WHERE NEW.moves IS NOT NULL AND programme_no = NEW.programme_no AND member.id = NEW.member_id LIMIT -1) AS move
    WHERE lot.member_no = move.no AND lot.number = move.number;
END
-- then
-- An expiry that nobody asked for, as nights write by the million: it claims no name and grants
-- nothing. draws: {number of the lot: points drawn, …}.
CREATE VIEW IF NOT EXISTS posting_of_expiry (
  programme_no, member_no, expected_head, sequence, head, balance, debt, state, due_at, id, points, occurred_at, recorded_at, body, draws
) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_of_expiry_commit INSTEAD OF INSERT ON posting_of_expiry
BEGIN
  SELECT RAISE(IGNORE) WHERE (SELECT head FROM member WHERE no = NEW.member_no) IS NOT NEW.expected_head;
  UPDATE member SET sequence = NEW.sequence, head = NEW.head, points_in_lots = NEW.balance + NEW.debt, state = NEW.state, due_at = NEW.due_at
    WHERE no = NEW.member_no;
  INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body)
    VALUES (NEW.programme_no, NEW.member_no, NEW.sequence, NEW.id, 'expire', NEW.points, NEW.balance, NEW.occurred_at, NEW.recorded_at,
      NEW.head, NEW.body);
  UPDATE lot SET remaining = remaining - draw.points
    FROM (SELECT key + 0 AS number, value AS points FROM json_each(NEW.draws) LIMIT -1) AS draw
    WHERE lot.member_no = NEW.member_no AND lot.number = draw.number;
END
-- then
-- A posting that does something outside its member, or changes its profile: few do, and only these
-- pay for it.
CREATE VIEW IF NOT EXISTS posting_with_effects (
  programme_no, member_id, expected_head, claim_key, claim_reference,
  sequence, head, balance, debt, state, lots_granted, joined_at, tier, tier_since, tier_until, qualification, counters, due_at,
  reminded_at, id, kind, points, occurred_at, recorded_at, body, texts, corrects, cause, counterparty, store,
  key, fingerprint, reference, first_sequence, last_sequence,
  lot_number, lot_source, lot_points, lot_earned_at, lot_available_at, lot_expires_at, lot_pending, grants, moves,
  attributes, effects
) AS SELECT
  NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_with_effects_commit INSTEAD OF INSERT ON posting_with_effects
BEGIN
  -- As posting; and another member that the decision was made on has moved on; a counter is full; a
  -- reward was changed; an alias is somebody else's; a proof was used.
  SELECT RAISE(IGNORE) WHERE
    (SELECT head FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id) IS NOT NEW.expected_head
    OR EXISTS (SELECT 1 FROM claim WHERE programme_no = NEW.programme_no AND kind = 'key' AND name = NEW.claim_key)
    OR EXISTS (SELECT 1 FROM claim WHERE programme_no = NEW.programme_no AND kind = 'reference' AND name = NEW.claim_reference)
    OR (NEW.effects IS NOT NULL AND (
      EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.others') WHERE
        (SELECT head FROM member WHERE programme_no = coalesce(value ->> 2, NEW.programme_no) AND id = value ->> 0) IS NOT unhex(value ->> 1))
      OR EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.tallies') WHERE value ->> 5 IS NOT NULL AND value ->> 4 + coalesce(
        (SELECT amount FROM tally WHERE programme_no = NEW.programme_no AND subject = value ->> 0 AND name = value ->> 1 AND period = value ->> 2), 0)
        > value ->> 5)
      OR (NEW.effects -> '$.reward' IS NOT NULL
        AND (SELECT version FROM reward WHERE programme_no = NEW.programme_no AND id = NEW.effects ->> '$.reward[0]') IS NOT NEW.effects ->> '$.reward[1]')
      OR (NEW.effects -> '$.proof' IS NOT NULL
        AND EXISTS (SELECT 1 FROM claim WHERE programme_no = NEW.programme_no AND kind = 'proof' AND name = NEW.effects ->> '$.proof'))
      OR EXISTS (SELECT 1 FROM json_each(NEW.effects, '$.aliases') AS a WHERE NEW.member_id <> coalesce(
        (SELECT member_id FROM known_as WHERE programme_no = NEW.programme_no AND alias = a.value ORDER BY distance LIMIT 1), NEW.member_id))));
  INSERT INTO posting VALUES (
    NEW.programme_no, NEW.member_id, NEW.expected_head, NEW.claim_key, NEW.claim_reference,
    NEW.sequence, NEW.head, NEW.balance, NEW.debt, NEW.state, NEW.lots_granted, NEW.joined_at, NEW.tier, NEW.tier_since, NEW.tier_until, NEW.qualification, NEW.counters, NEW.due_at,
    NEW.reminded_at, NEW.id, NEW.kind, NEW.points, NEW.occurred_at, NEW.recorded_at, NEW.body, NEW.texts, NEW.corrects, NEW.cause, NEW.counterparty, NEW.store,
    NEW.key, NEW.fingerprint, NEW.reference, NEW.first_sequence, NEW.last_sequence,
    NEW.lot_number, NEW.lot_source, NEW.lot_points, NEW.lot_earned_at, NEW.lot_available_at, NEW.lot_expires_at, NEW.lot_pending, NEW.grants, NEW.moves);
  INSERT INTO profile (member_no, attributes, updated_at)
    SELECT no, NEW.attributes, NEW.recorded_at FROM member
    WHERE NEW.attributes IS NOT NULL AND programme_no = NEW.programme_no AND id = NEW.member_id
    ON CONFLICT (member_no) DO UPDATE SET attributes = excluded.attributes, updated_at = excluded.updated_at;
  INSERT INTO posting_effects VALUES (NEW.programme_no, NEW.member_id, NEW.sequence, NEW.id, NEW.kind, NEW.effects);
END
-- then
-- What a posting does outside its member; effects is an object, see effects.rs.
CREATE VIEW IF NOT EXISTS posting_effects (programme_no, member_id, sequence, id, kind, effects)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS posting_effects_commit INSTEAD OF INSERT ON posting_effects
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
  INSERT INTO claim (programme_no, kind, name, entry_no)
    SELECT NEW.programme_no, 'proof', NEW.effects ->> '$.proof', entry.no
    FROM member JOIN entry ON entry.member_no = member.no AND entry.sequence = NEW.sequence
    WHERE NEW.effects -> '$.proof' IS NOT NULL AND member.programme_no = NEW.programme_no AND member.id = NEW.member_id;
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
  -- What was told of it goes to the profile of this one where nothing is told, as one is that has copies of tags alone. Those stay.
  UPDATE profile SET (attributes, updated_at) = (
      SELECT p.attributes, p.updated_at FROM member AS f CROSS JOIN profile AS p ON p.member_no = f.no
      WHERE f.programme_no = NEW.programme_no AND f.id = NEW.effects ->> '$.adopts')
    WHERE NEW.effects -> '$.adopts' IS NOT NULL AND attributes = '{}'
    AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id)
    AND EXISTS (
      SELECT 1 FROM member AS f CROSS JOIN profile AS p ON p.member_no = f.no
      WHERE f.programme_no = NEW.programme_no AND f.id = NEW.effects ->> '$.adopts');
  -- Not its tags: those that go along are copied anew.
  UPDATE OR IGNORE profile SET tags = NULL, tags_at = NULL, member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id)
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
  -- An erased member leaves entries, and nothing that tells who it was.
  DELETE FROM profile WHERE NEW.kind = 'erase' AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id);
  DELETE FROM alias WHERE NEW.kind = 'erase' AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id);
  DELETE FROM trace WHERE NEW.kind = 'erase' AND member_no = (SELECT no FROM member WHERE programme_no = NEW.programme_no AND id = NEW.member_id);
END
-- then
-- ── The catalogue of rewards ──────────────────────────────────────────────────────────────────────────────────────

-- How many of a reward were taken is a tally.
CREATE TABLE IF NOT EXISTS reward (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  who TEXT,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- Changes that wait for the approval of another person.
CREATE TABLE IF NOT EXISTS reward_change (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  reward_id TEXT NOT NULL,
  -- Names this change, so that nobody approves of another one than they saw.
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  who TEXT,
  PRIMARY KEY (programme_no, reward_id)
) STRICT, WITHOUT ROWID
-- then
-- Puts a change into the catalogue that was approved, or drops it, and writes the audit log: all in
-- one statement.
CREATE VIEW IF NOT EXISTS reward_decision (programme_no, reward_id, id, approved, now, decided_by, who) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS reward_decided INSTEAD OF INSERT ON reward_decision
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM reward_change WHERE programme_no = NEW.programme_no AND reward_id = NEW.reward_id AND id = NEW.id);
  INSERT INTO reward (programme_no, id, version, document, updated_at, updated_by, who)
    SELECT programme_no, reward_id, 1, document, NEW.now, NEW.decided_by, NEW.who FROM reward_change
    WHERE programme_no = NEW.programme_no AND reward_id = NEW.reward_id AND NEW.approved = 1
    ON CONFLICT (programme_no, id) DO UPDATE SET version = version + 1, document = excluded.document,
      updated_at = excluded.updated_at, updated_by = excluded.updated_by, who = excluded.who;
  INSERT INTO audit SELECT programme_no, CASE WHEN NEW.approved = 1 THEN 'reward_approved' ELSE 'reward_rejected' END, reward_id, NEW.who,
      json_object('change_id', id, 'asked_by', asked_by, 'reward', json(document)), NULL
    FROM reward_change WHERE programme_no = NEW.programme_no AND reward_id = NEW.reward_id;
  DELETE FROM reward_change WHERE programme_no = NEW.programme_no AND reward_id = NEW.reward_id;
END
-- then
-- ── Imports ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- Files of members from another system: staged row by row, approved as a whole, booked a few
-- hundred rows at a time.
CREATE TABLE IF NOT EXISTS import (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  -- staging (its rows are being kept), waiting (for an approval), approved (being booked), done,
  -- rejected, withdrawn
  state TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  -- The person who asked, as its entries name them.
  actor TEXT NOT NULL,
  -- The roles that approve, in order, and the approvals so far: JSON lists.
  steps TEXT NOT NULL,
  approvals TEXT NOT NULL,
  -- From when on nobody can approve of it any more.
  until INTEGER NOT NULL,
  -- What was found in the file, as it is shown; null while it is staged.
  report TEXT,
  reason TEXT,
  asked_key TEXT NOT NULL,
  digest TEXT NOT NULL,
  -- Points and debts of the whole file.
  size INTEGER NOT NULL,
  who TEXT,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
CREATE UNIQUE INDEX IF NOT EXISTS import_key ON import (programme_no, asked_key)
-- then
CREATE TABLE IF NOT EXISTS import_row (
  programme_no INTEGER NOT NULL,
  import_id TEXT NOT NULL,
  line INTEGER NOT NULL,
  member TEXT NOT NULL,
  -- What is booked, JSON; null once it has an outcome: it says who somebody is.
  row TEXT,
  -- written, or why it was refused.
  outcome TEXT,
  PRIMARY KEY (programme_no, import_id, line)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS import_row_of_member ON import_row (programme_no, member) WHERE outcome IS NULL
-- then
-- ── Jobs and deliveries ───────────────────────────────────────────────────────────────────────────────────────────

-- Where a chunked job goes on.
CREATE TABLE IF NOT EXISTS job (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  name TEXT NOT NULL,
  position TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, name)
) STRICT, WITHOUT ROWID
-- then
-- Where events are sent.
CREATE TABLE IF NOT EXISTS endpoint (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  -- After a rotation the secret from before is valid beside the new one until then.
  secret_before TEXT,
  secret_before_until INTEGER,
  -- A JSON array of entry kinds; null is all.
  kinds TEXT,
  -- Attempts that failed since the last one that succeeded, and from when on the endpoint may be
  -- tried again.
  failures INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER NOT NULL DEFAULT 0,
  disabled_at INTEGER,
  disabled_because TEXT,
  -- The run that may deliver, and until when: a run that lost its lease can write nothing any more.
  lease TEXT NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  who TEXT,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- How far an endpoint has got in each stream of entries: the last number that was delivered or
-- parked. One SQLite file has one stream, 0, whose numbers are entry.no.
CREATE TABLE IF NOT EXISTS endpoint_position (
  programme_no INTEGER NOT NULL,
  endpoint_id TEXT NOT NULL,
  stream INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (programme_no, endpoint_id, stream)
) STRICT, WITHOUT ROWID
-- then
-- A new endpoint gets what comes from now on.
CREATE TRIGGER IF NOT EXISTS endpoint_begins_at_the_end AFTER INSERT ON endpoint
BEGIN
  INSERT INTO endpoint_position VALUES (NEW.programme_no, NEW.id, 0, coalesce((SELECT max(no) FROM entry), 0));
END
-- then
-- Events that an endpoint has not taken. Of one member: 'retry' is the next to be sent, 'waiting'
-- follows it in order, 'dead' was given up and waits for a replay by hand.
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
  DELETE FROM endpoint_position WHERE programme_no = OLD.programme_no AND endpoint_id = OLD.id;
  DELETE FROM parked_event WHERE programme_no = OLD.programme_no AND endpoint_id = OLD.id;
END
-- then
-- The command table of event delivery: one row is what became of one wave of events, written
-- wholly, or not at all when the lease is lost. settled: [[entry_no, member_no], …] parked events
-- to take away; parked: [[entry_no, member_no, state, attempts, next_attempt_at, last_error], …].
CREATE VIEW IF NOT EXISTS delivery (
  programme_no, endpoint_id, lease, now, leased_until, stream, position, failures, retry_at, disabled_because, settled, parked
) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
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
  UPDATE endpoint_position SET position = NEW.position
    WHERE programme_no = NEW.programme_no AND endpoint_id = NEW.endpoint_id AND stream = NEW.stream;
  UPDATE endpoint SET leased_until = NEW.leased_until, failures = NEW.failures, retry_at = NEW.retry_at,
      disabled_at = CASE WHEN NEW.disabled_because IS NULL THEN disabled_at ELSE NEW.now END,
      disabled_because = coalesce(NEW.disabled_because, disabled_because)
    WHERE programme_no = NEW.programme_no AND id = NEW.endpoint_id;
END
-- then
-- ── The audit log ─────────────────────────────────────────────────────────────────────────────────────────────────

-- What is done that is no entry: keys, endpoints, the catalogue, drafts, publications, programmes,
-- reads of personal data, refused keys. Triggers write it in the statement that does it, from the
-- column "who".
CREATE TABLE IF NOT EXISTS audit_log (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  -- Counts the rows of a programme from 1, without a gap.
  no INTEGER NOT NULL,
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  person TEXT,
  key TEXT,
  address TEXT,
  -- JSON; null for nothing.
  before TEXT,
  after TEXT,
  PRIMARY KEY (programme_no, no)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS audit_log_subject ON audit_log (programme_no, action, subject, at)
-- then
-- The chain: the hash of each row over that of the one before. SQLite cannot compute it, so it
-- follows a moment after.
CREATE TABLE IF NOT EXISTS audit_seal (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  no INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (programme_no, no)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS audit_log_is_never_updated BEFORE UPDATE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END
-- then
CREATE TRIGGER IF NOT EXISTS audit_log_is_never_deleted BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END
-- then
-- INSERT OR REPLACE takes rows away without firing the trigger above.
CREATE TRIGGER IF NOT EXISTS audit_log_only_grows BEFORE INSERT ON audit_log
WHEN NEW.no IS NOT coalesce((SELECT max(no) FROM audit_log WHERE programme_no = NEW.programme_no), 0) + 1
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END
-- then
CREATE TRIGGER IF NOT EXISTS audit_seal_is_never_updated BEFORE UPDATE ON audit_seal
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END
-- then
CREATE TRIGGER IF NOT EXISTS audit_seal_is_never_deleted BEFORE DELETE ON audit_seal
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END
-- then
-- Two who seal at once come to the same hashes: the later one is skipped.
CREATE TRIGGER IF NOT EXISTS audit_seal_follows BEFORE INSERT ON audit_seal
WHEN NEW.no IS NOT coalesce((SELECT max(no) FROM audit_seal WHERE programme_no = NEW.programme_no), 0) + 1
BEGIN
  SELECT RAISE(IGNORE);
END
-- then
-- The command table of the log.
CREATE VIEW IF NOT EXISTS audit (programme_no, action, subject, who, before, after) AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS audit_note INSTEAD OF INSERT ON audit
BEGIN
  INSERT INTO audit_log (programme_no, no, at, action, subject, person, key, address, before, after)
    VALUES (NEW.programme_no, coalesce((SELECT max(no) FROM audit_log WHERE programme_no = NEW.programme_no), 0) + 1,
      NEW.who ->> 'at', NEW.action, NEW.subject, NEW.who ->> 'person', NEW.who ->> 'key', NEW.who ->> 'address', NEW.before, NEW.after);
END
-- then
CREATE TRIGGER IF NOT EXISTS api_key_made AFTER INSERT ON api_key
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, CASE WHEN NEW.session_until IS NULL THEN 'key_made' ELSE 'session_begun' END, NEW.prefix,
    coalesce(NEW.who, json_object('at', NEW.created_at, 'person', CASE WHEN NEW.operator = 1 THEN 'variable admin_key' ELSE NEW.created_by END)), NULL,
    json_object('role', coalesce(NEW.own_role, NEW.role), 'label', NEW.label, 'person_id', NEW.person, 'stores', json(NEW.stores), 'expires_at', NEW.expires_at,
      'waits', NEW.waits));
END
-- then
CREATE TRIGGER IF NOT EXISTS api_key_changed AFTER UPDATE OF who ON api_key
WHEN NEW.revoked_at IS NOT OLD.revoked_at OR NEW.waits IS NOT OLD.waits
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no,
    CASE WHEN NEW.session_until IS NOT NULL THEN 'session_ended' WHEN NEW.waits IS OLD.waits THEN 'key_revoked' ELSE 'key_approved' END, NEW.prefix, NEW.who,
    json_object('waits', OLD.waits, 'revoked_at', OLD.revoked_at),
    json_object('waits', NEW.waits, 'revoked_at', NEW.revoked_at, 'role', coalesce(NEW.own_role, NEW.role), 'person_id', NEW.person));
END
-- then
CREATE TRIGGER IF NOT EXISTS person_changed AFTER UPDATE OF who ON person WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no,
    CASE WHEN NEW.suspended > OLD.suspended THEN 'person_suspended' WHEN NEW.suspended < OLD.suspended THEN 'person_restored' ELSE 'person_changed' END,
    NEW.id, NEW.who, json_object('name', OLD.name, 'language', OLD.language, 'suspended', OLD.suspended, 'roles', json(OLD.roles)),
    json_object('name', NEW.name, 'language', NEW.language, 'suspended', NEW.suspended, 'roles', json(NEW.roles)));
END
-- then
CREATE TRIGGER IF NOT EXISTS own_role_made AFTER INSERT ON own_role
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'role_put', NEW.id, NEW.who, NULL,
    json_object('names', json_object('zh-CN', NEW.name_zh, 'en', NEW.name_en), 'base', NEW.base, 'permissions', json(NEW.permissions),
      'wanted', json(NEW.wanted)));
END
-- then
CREATE TRIGGER IF NOT EXISTS own_role_changed AFTER UPDATE OF who ON own_role
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no,
    CASE WHEN NEW.wanted IS NULL AND NEW.permissions = OLD.wanted THEN 'role_approved' ELSE 'role_put' END, NEW.id, NEW.who,
    json_object('names', json_object('zh-CN', OLD.name_zh, 'en', OLD.name_en), 'permissions', json(OLD.permissions), 'wanted', json(OLD.wanted)),
    json_object('names', json_object('zh-CN', NEW.name_zh, 'en', NEW.name_en), 'permissions', json(NEW.permissions), 'wanted', json(NEW.wanted)));
END
-- then
CREATE TRIGGER IF NOT EXISTS endpoint_made AFTER INSERT ON endpoint WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'endpoint_made', NEW.id, NEW.who, NULL, json_object('url', NEW.url, 'kinds', json(NEW.kinds)));
END
-- then
-- A secret is never shown, only that it is another one.
CREATE TRIGGER IF NOT EXISTS endpoint_changed AFTER UPDATE OF who ON endpoint WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'endpoint_changed', NEW.id, NEW.who,
    json_object('url', OLD.url, 'kinds', json(OLD.kinds), 'disabled_at', OLD.disabled_at),
    json_object('url', NEW.url, 'kinds', json(NEW.kinds), 'disabled_at', NEW.disabled_at, 'secret_changed', NEW.secret <> OLD.secret));
END
-- then
CREATE VIEW IF NOT EXISTS endpoint_removal (programme_no, id, who) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS endpoint_removed INSTEAD OF INSERT ON endpoint_removal
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (SELECT 1 FROM endpoint WHERE programme_no = NEW.programme_no AND id = NEW.id);
  INSERT INTO audit SELECT programme_no, 'endpoint_removed', id, NEW.who, json_object('url', url, 'kinds', json(kinds)), NULL
    FROM endpoint WHERE programme_no = NEW.programme_no AND id = NEW.id;
  DELETE FROM endpoint WHERE programme_no = NEW.programme_no AND id = NEW.id;
END
-- then
-- Drafts change many times a day and serve no member: the digest says which one it was.
CREATE TRIGGER IF NOT EXISTS draft_made AFTER INSERT ON draft WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'draft_kept', NEW.name, NEW.who, NULL,
    json_object('document', NEW.kind, 'digest', NEW.who ->> 'digest'));
END
-- then
CREATE TRIGGER IF NOT EXISTS draft_changed AFTER UPDATE OF who ON draft WHEN NEW.who IS NOT NULL AND NEW.document <> OLD.document
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'draft_kept', NEW.name, NEW.who,
    json_object('document', OLD.kind, 'digest', OLD.who ->> 'digest'), json_object('document', NEW.kind, 'digest', NEW.who ->> 'digest'));
END
-- then
CREATE VIEW IF NOT EXISTS draft_removal (programme_no, kind, name, who) AS SELECT NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS draft_removed INSTEAD OF INSERT ON draft_removal
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (SELECT 1 FROM draft WHERE programme_no = NEW.programme_no AND kind = NEW.kind AND name = NEW.name);
  INSERT INTO audit SELECT programme_no, 'draft_dropped', name, NEW.who, json_object('document', kind, 'digest', who ->> 'digest'), NULL
    FROM draft WHERE programme_no = NEW.programme_no AND kind = NEW.kind AND name = NEW.name;
  DELETE FROM draft WHERE programme_no = NEW.programme_no AND kind = NEW.kind AND name = NEW.name;
END
-- then
CREATE TRIGGER IF NOT EXISTS reward_made AFTER INSERT ON reward WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'reward_put', NEW.id, NEW.who, NULL, NEW.document);
END
-- then
CREATE TRIGGER IF NOT EXISTS reward_changed AFTER UPDATE OF who ON reward WHEN NEW.who IS NOT NULL AND NEW.version <> OLD.version
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'reward_put', NEW.id, NEW.who, OLD.document, NEW.document);
END
-- then
CREATE TRIGGER IF NOT EXISTS store_made AFTER INSERT ON store
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'store_put', NEW.id, NEW.who, NULL, json_object('name', NEW.name, 'region', NEW.region, 'department', NEW.department, 'manager_id', NEW.manager,
      'opened_on', NEW.opened_on, 'closed_on', NEW.closed_on));
END
-- then
CREATE TRIGGER IF NOT EXISTS store_changed AFTER UPDATE OF updated_at ON store
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'store_put', NEW.id, NEW.who,
    json_object('name', OLD.name, 'region', OLD.region, 'department', OLD.department, 'manager_id', OLD.manager,
      'opened_on', OLD.opened_on, 'closed_on', OLD.closed_on),
    json_object('name', NEW.name, 'region', NEW.region, 'department', NEW.department, 'manager_id', NEW.manager,
      'opened_on', NEW.opened_on, 'closed_on', NEW.closed_on));
END
-- then
CREATE VIEW IF NOT EXISTS store_removal (programme_no, id, who) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS store_removed INSTEAD OF INSERT ON store_removal
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (SELECT 1 FROM store WHERE programme_no = NEW.programme_no AND id = NEW.id);
  INSERT INTO audit SELECT programme_no, 'store_removed', id, NEW.who, json_object('name', store.name, 'region', store.region, 'department', store.department, 'manager_id', store.manager,
      'opened_on', store.opened_on, 'closed_on', store.closed_on), NULL
    FROM store WHERE programme_no = NEW.programme_no AND id = NEW.id;
  UPDATE qr_key SET retired_at = NEW.who ->> 'at', retired_by = coalesce(NEW.who ->> 'person', NEW.who ->> 'key'), who = NEW.who
    WHERE programme_no = NEW.programme_no AND store = NEW.id AND retired_at IS NULL;
  DELETE FROM store WHERE programme_no = NEW.programme_no AND id = NEW.id;
END
-- then
CREATE TRIGGER IF NOT EXISTS qr_key_made AFTER INSERT ON qr_key
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'qr_key_made', NEW.kid, NEW.who, NULL, json_object('store_id', NEW.store, 'label', NEW.label));
END
-- then
CREATE TRIGGER IF NOT EXISTS qr_key_retired AFTER UPDATE OF who ON qr_key
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'qr_key_retired', NEW.kid, NEW.who,
    json_object('retired_at', OLD.retired_at, 'compromised_from', OLD.leaked_at),
    json_object('store_id', NEW.store, 'retired_at', NEW.retired_at, 'compromised_from', NEW.leaked_at));
END
-- then
CREATE TRIGGER IF NOT EXISTS reward_change_asked AFTER INSERT ON reward_change WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'reward_asked', NEW.reward_id, NEW.who, NULL, json_object('change_id', NEW.id, 'reward', json(NEW.document)));
END
-- then
CREATE TRIGGER IF NOT EXISTS reward_change_replaced AFTER UPDATE OF who ON reward_change
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'reward_asked', NEW.reward_id, NEW.who, json_object('change_id', OLD.id, 'reward', json(OLD.document)),
    json_object('change_id', NEW.id, 'reward', json(NEW.document)));
END
-- then
CREATE TRIGGER IF NOT EXISTS publication_asked AFTER INSERT ON publication_request WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'publication_asked', NEW.id, NEW.who, json_object('version', NEW.base_version),
    json_object('document', NEW.kind, 'draft', NEW.draft, 'digest', NEW.digest, 'at', NEW.at, 'major', json(NEW.major), 'role', NEW.role, 'state', NEW.state));
END
-- then
CREATE TRIGGER IF NOT EXISTS publication_decided AFTER UPDATE OF who ON publication_request WHEN NEW.state <> OLD.state
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'publication_decided', NEW.id, NEW.who, json_object('state', OLD.state, 'asked_by', OLD.asked_by),
    json_object('state', NEW.state, 'reason', NEW.reason));
END
-- then
-- A rulebook that a publication or a group brought has no person but theirs.
CREATE TRIGGER IF NOT EXISTS rulebook_published AFTER INSERT ON rulebook
BEGIN
  INSERT INTO audit SELECT NEW.programme_no, CASE WHEN NEW.version = 1 THEN 'programme_made' ELSE 'rulebook_published' END, p.id,
      coalesce(NEW.who, json_object('at', NEW.published_at)), CASE WHEN NEW.version > 1 THEN json_object('version', NEW.version - 1) END,
      json_object('version', NEW.version, 'digest', p.rulebook_digest, 'by', NEW.published_by, 'name', p.name)
    FROM programme AS p WHERE p.no = NEW.programme_no;
END
-- then
CREATE TRIGGER IF NOT EXISTS playbook_published AFTER INSERT ON playbook
BEGIN
  INSERT INTO audit SELECT NEW.programme_no, 'playbook_published', p.id, json_object('at', NEW.published_at), json_object('version', NEW.version - 1),
      json_object('version', NEW.version, 'by', NEW.published_by)
    FROM programme AS p WHERE p.no = NEW.programme_no;
END
-- then
CREATE TRIGGER IF NOT EXISTS import_asked AFTER UPDATE OF report ON import WHEN OLD.report IS NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'import_asked', NEW.id, NEW.who, NULL, json_remove(NEW.report, '$.columns', '$.faults'));
END
-- then
CREATE TRIGGER IF NOT EXISTS import_decided AFTER UPDATE OF state ON import WHEN OLD.state = 'waiting' OR NEW.state = 'withdrawn'
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'import_decided', NEW.id, NEW.who, json_object('state', OLD.state, 'approvals', json(OLD.approvals)),
    json_object('state', NEW.state, 'approvals', json(NEW.approvals), 'reason', NEW.reason));
END
