-- Templates of messages, the links that stand in messages, and the visits to them. As in the first
-- file, nothing here names a table of the ledger.

-- ── Templates ─────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS template (
  programme_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  -- Purpose and texts, a JSON object (see templates/template.rs).
  document TEXT NOT NULL,
  -- What its texts show in any case, a JSON object: channel to a list of variables.
  needs TEXT NOT NULL,
  -- One more with each change. It goes on where the template comes back after a removal, as touches
  -- name it.
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  is_removed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- What a template was: the last 20 versions.
CREATE TABLE IF NOT EXISTS template_version (
  programme_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY (programme_no, id, version)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS template_made AFTER INSERT ON template
BEGIN
  INSERT INTO template_version VALUES (NEW.programme_no, NEW.id, NEW.version, NEW.document, NEW.updated_at, NEW.updated_by);
END
-- then
CREATE TRIGGER IF NOT EXISTS template_changed AFTER UPDATE OF version ON template WHEN NEW.version <> OLD.version
BEGIN
  INSERT INTO template_version VALUES (NEW.programme_no, NEW.id, NEW.version, NEW.document, NEW.updated_at, NEW.updated_by);
  DELETE FROM template_version WHERE programme_no = NEW.programme_no AND id = NEW.id AND version <= NEW.version - 20;
END
-- then
-- ── Links ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Where links of a programme may lead, and where they are opened.
CREATE TABLE IF NOT EXISTS link_settings (
  programme_no INTEGER PRIMARY KEY,
  -- A JSON list of hosts.
  hosts TEXT NOT NULL,
  -- The merchant's own address before "/l/…"; null for that of the installation.
  base TEXT,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT
-- then
-- A link in the message of one member. A number is never given twice, as its token may be in a mailbox:
-- of an erased person the bare number stays.
CREATE TABLE IF NOT EXISTS link (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  -- The touch whose message it stands in.
  touch_no INTEGER NOT NULL,
  channel TEXT NOT NULL,
  purpose TEXT NOT NULL,
  -- Empty where the link only ends messages.
  target TEXT NOT NULL,
  -- 1 where persons cannot see it.
  is_trap INTEGER NOT NULL DEFAULT 0,
  made_at INTEGER NOT NULL,
  delivered_at INTEGER
) STRICT
-- then
-- A run that is repeated makes no second one.
CREATE UNIQUE INDEX IF NOT EXISTS link_once ON link (programme_no, touch_no, channel, target, is_trap)
-- then
CREATE INDEX IF NOT EXISTS link_member ON link (programme_no, member_no)
-- then
-- Visits. A link keeps 50 clicks of persons and 50 doubtful visits.
CREATE TABLE IF NOT EXISTS click (
  link_no INTEGER NOT NULL,
  no INTEGER NOT NULL,
  at INTEGER NOT NULL,
  -- Null where it is a click of a person.
  doubt TEXT,
  -- 1 where the button of the page was pressed.
  is_pressed INTEGER NOT NULL,
  -- A keyed digest of the network alone: no address is kept.
  network TEXT NOT NULL,
  PRIMARY KEY (link_no, no)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS click_network ON click (network, at)
-- then
-- The first visits of a burst are seen to belong to it when it becomes one. A visitor who pressed is a
-- person.
CREATE TRIGGER IF NOT EXISTS click_of_burst AFTER INSERT ON click WHEN NEW.doubt = 'burst'
BEGIN
  UPDATE click SET doubt = 'burst'
  WHERE doubt IS NULL AND is_pressed = 0 AND at >= NEW.at - 10000 AND at <= NEW.at AND link_no IN (
    SELECT other.no FROM link AS own CROSS JOIN link AS other ON other.programme_no = own.programme_no AND other.touch_no = own.touch_no
    WHERE own.no = NEW.link_no);
END
-- then
-- The member responds with the first click of a person.
CREATE TRIGGER IF NOT EXISTS click_responds AFTER INSERT ON click WHEN NEW.doubt IS NULL
BEGIN
  UPDATE touch SET responded_at = NEW.at
  WHERE no = (SELECT touch_no FROM link WHERE no = NEW.link_no) AND NEW.at < coalesce(responded_at, NEW.at + 1);
END
-- then
-- What is seen to belong to a burst was no response.
CREATE TRIGGER IF NOT EXISTS click_responds_no_more AFTER UPDATE OF doubt ON click WHEN OLD.doubt IS NULL AND NEW.doubt IS NOT NULL
BEGIN
  UPDATE touch SET responded_at = (
    SELECT min(c.at) FROM link AS l CROSS JOIN click AS c ON c.link_no = l.no AND c.doubt IS NULL
    WHERE l.programme_no = touch.programme_no AND l.touch_no = touch.no)
  WHERE no = (SELECT touch_no FROM link WHERE no = NEW.link_no);
END
-- then
CREATE TRIGGER IF NOT EXISTS link_forgotten AFTER DELETE ON link
BEGIN
  DELETE FROM click WHERE link_no = OLD.no;
END
-- then
-- What is told late of an account that is closed is left out.
CREATE TRIGGER IF NOT EXISTS link_of_the_departed BEFORE INSERT ON link
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
-- Links of an account that became part of another one go there.
CREATE TRIGGER IF NOT EXISTS departed_takes_links_along AFTER INSERT ON departed
BEGIN
  UPDATE link SET member_no = NEW.into_no
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NOT NULL;
  DELETE FROM click WHERE link_no IN (
    SELECT no FROM link WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no);
  UPDATE link SET member_no = 0, touch_no = -no, target = '', delivered_at = NULL
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
END
