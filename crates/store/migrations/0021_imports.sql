-- Files of members who come from another system: staged row by row, approved of as a whole, booked a few hundred rows at a time.

CREATE TABLE IF NOT EXISTS import (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  -- staging (its rows are being kept), waiting (for an approval), approved (being booked), done, rejected, withdrawn
  state TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  -- As its entries name who asked.
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
