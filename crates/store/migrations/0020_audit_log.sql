-- What is done that is no entry: keys, endpoints, the catalogue, drafts, publications, programmes, reads of personal data, refused keys. Triggers write it
-- in the statement that does it, from the column "who": {"at", "person", "key", "address"}.

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
-- The chain: the hash of each row over that of the one before. SQLite cannot compute it, so it follows a moment after.
CREATE TABLE IF NOT EXISTS audit_seal (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  no INTEGER NOT NULL,
  hash TEXT NOT NULL,
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
ALTER TABLE api_key ADD COLUMN who TEXT
-- then
CREATE TRIGGER IF NOT EXISTS api_key_made AFTER INSERT ON api_key
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'key_made', NEW.prefix,
    coalesce(NEW.who, json_object('at', NEW.created_at, 'person', CASE WHEN NEW.operator = 1 THEN 'variable admin_key' ELSE NEW.created_by END)), NULL,
    json_object('role', NEW.role, 'label', NEW.label, 'person_id', NEW.person, 'stores', json(NEW.stores), 'expires_at', NEW.expires_at,
      'waits', NEW.waits));
END
-- then
CREATE TRIGGER IF NOT EXISTS api_key_changed AFTER UPDATE OF who ON api_key
WHEN NEW.revoked_at IS NOT OLD.revoked_at OR NEW.waits IS NOT OLD.waits
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, CASE WHEN NEW.waits IS OLD.waits THEN 'key_revoked' ELSE 'key_approved' END, NEW.prefix, NEW.who,
    json_object('waits', OLD.waits, 'revoked_at', OLD.revoked_at),
    json_object('waits', NEW.waits, 'revoked_at', NEW.revoked_at, 'role', NEW.role, 'person_id', NEW.person));
END
-- then
ALTER TABLE endpoint ADD COLUMN who TEXT
-- then
CREATE TRIGGER IF NOT EXISTS endpoint_made AFTER INSERT ON endpoint WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'endpoint_made', NEW.id, NEW.who, NULL, json_object('url', NEW.url, 'kinds', json(NEW.kinds)));
END
-- then
-- A secret is never told, but that it is another one.
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
ALTER TABLE draft ADD COLUMN who TEXT
-- then
-- Drafts change many times a day and nobody runs by them: the digest tells which one it was.
CREATE TRIGGER IF NOT EXISTS draft_made AFTER INSERT ON draft WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'draft_kept', NEW.name, NEW.who, NULL, json_object('digest', NEW.who ->> 'digest'));
END
-- then
CREATE TRIGGER IF NOT EXISTS draft_changed AFTER UPDATE OF who ON draft WHEN NEW.who IS NOT NULL AND NEW.document <> OLD.document
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'draft_kept', NEW.name, NEW.who, json_object('digest', OLD.who ->> 'digest'),
    json_object('digest', NEW.who ->> 'digest'));
END
-- then
CREATE VIEW IF NOT EXISTS draft_removal (programme_no, name, who) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS draft_removed INSTEAD OF INSERT ON draft_removal
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (SELECT 1 FROM draft WHERE programme_no = NEW.programme_no AND name = NEW.name);
  INSERT INTO audit SELECT programme_no, 'draft_dropped', name, NEW.who, json_object('digest', who ->> 'digest'), NULL
    FROM draft WHERE programme_no = NEW.programme_no AND name = NEW.name;
  DELETE FROM draft WHERE programme_no = NEW.programme_no AND name = NEW.name;
END
-- then
ALTER TABLE reward ADD COLUMN who TEXT
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
ALTER TABLE reward_change ADD COLUMN who TEXT
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
-- Puts a change into the catalogue that was approved of, or drops it, and tells so: all in one statement.
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
DROP VIEW IF EXISTS reward_approval
-- then
ALTER TABLE publication_request ADD COLUMN who TEXT
-- then
CREATE TRIGGER IF NOT EXISTS publication_asked AFTER INSERT ON publication_request WHEN NEW.who IS NOT NULL
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'publication_asked', NEW.id, NEW.who, json_object('version', NEW.base_version),
    json_object('draft', NEW.draft, 'digest', NEW.digest, 'at', NEW.at, 'major', json(NEW.major), 'role', NEW.role, 'state', NEW.state));
END
-- then
CREATE TRIGGER IF NOT EXISTS publication_decided AFTER UPDATE OF who ON publication_request WHEN NEW.state <> OLD.state
BEGIN
  INSERT INTO audit VALUES (NEW.programme_no, 'publication_decided', NEW.id, NEW.who, json_object('state', OLD.state, 'asked_by', OLD.asked_by),
    json_object('state', NEW.state, 'reason', NEW.reason));
END
-- then
ALTER TABLE rulebook ADD COLUMN who TEXT
-- then
-- A rulebook that a publication or a group brought has nobody's hand but theirs.
CREATE TRIGGER IF NOT EXISTS rulebook_published AFTER INSERT ON rulebook
BEGIN
  INSERT INTO audit SELECT NEW.programme_no, CASE WHEN NEW.version = 1 THEN 'programme_made' ELSE 'rulebook_published' END, p.id,
      coalesce(NEW.who, json_object('at', NEW.published_at)), CASE WHEN NEW.version > 1 THEN json_object('version', NEW.version - 1) END,
      json_object('version', NEW.version, 'digest', p.rulebook_digest, 'by', NEW.published_by, 'name', p.name)
    FROM programme AS p WHERE p.no = NEW.programme_no;
END
-- then
-- As publication_v2, and tells who it was.
CREATE VIEW IF NOT EXISTS publication_v3 (programme_id, name, expected_version, document, digest, published_at, published_by, asks_profile, budgets, who)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS publication_v3_commit INSTEAD OF INSERT ON publication_v3
BEGIN
  SELECT RAISE(IGNORE) WHERE
    coalesce((SELECT rulebook_version FROM programme WHERE id = NEW.programme_id), 0) IS NOT NEW.expected_version;
  INSERT INTO programme (id, name, rulebook_version, rulebook_digest, created_at, asks_profile, budgets)
    VALUES (NEW.programme_id, NEW.name, NEW.expected_version + 1, NEW.digest, NEW.published_at, NEW.asks_profile, NEW.budgets)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, rulebook_version = excluded.rulebook_version,
      rulebook_digest = excluded.rulebook_digest, asks_profile = excluded.asks_profile, budgets = excluded.budgets;
  INSERT INTO rulebook (programme_no, version, document, published_at, published_by, who)
    SELECT no, NEW.expected_version + 1, NEW.document, NEW.published_at, NEW.published_by, NEW.who FROM programme WHERE id = NEW.programme_id;
END
