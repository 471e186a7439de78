-- Remembers which migrations of the second schema were applied. Both schemas may be in one file.
CREATE TABLE IF NOT EXISTS reach_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT
