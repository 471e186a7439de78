-- Programmes of a group: whose rulebook a programme follows in all that it has not changed itself.

CREATE TABLE IF NOT EXISTS inheritance (
  programme_no INTEGER PRIMARY KEY REFERENCES programme (no),
  parent_no INTEGER NOT NULL REFERENCES programme (no),
  -- The version of the parent that it has followed so far.
  parent_version INTEGER NOT NULL,
  -- The pair of versions (own, parent's) that made no rulebook, and what was wrong with it: not tried again.
  failed_own INTEGER,
  failed_parent INTEGER,
  problems TEXT
) STRICT
-- then
CREATE INDEX IF NOT EXISTS inheritance_parent ON inheritance (parent_no)
