-- Rulebooks that nobody runs by: drafts, and what they would have come to.

-- A document, which may still have something wrong in it.
CREATE TABLE IF NOT EXISTS draft (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  -- As it would be stored when it is published; null when something is wrong with it.
  rulebook TEXT,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, name)
) STRICT, WITHOUT ROWID
-- then
-- A draft held against a period. It is told member by member: "position" is the number of the last one that is in "found", "last" that of the
-- last one to be told. Writes nothing but this row.
CREATE TABLE IF NOT EXISTS back_test (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  -- Names the draft and who asked; only shown.
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
