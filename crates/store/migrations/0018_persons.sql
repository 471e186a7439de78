-- Keys belong to persons, may end, and wait for a second admin where one alone must not make them.

ALTER TABLE api_key ADD COLUMN person TEXT
-- then
-- The person's id as it is compared: see the shell.
ALTER TABLE api_key ADD COLUMN person_folded TEXT
-- then
-- The person that asked for it, or the key that did where that names none.
ALTER TABLE api_key ADD COLUMN created_by TEXT
-- then
ALTER TABLE api_key ADD COLUMN approved_by TEXT
-- then
-- A key that waits is no key yet.
ALTER TABLE api_key ADD COLUMN waits INTEGER NOT NULL DEFAULT 0
-- then
ALTER TABLE api_key ADD COLUMN expires_at INTEGER
-- then
-- To the hour: not every request writes.
ALTER TABLE api_key ADD COLUMN last_used_at INTEGER
-- then
-- The stores that it is for, a JSON list; null for all.
ALTER TABLE api_key ADD COLUMN stores TEXT
-- then
-- A person is spelled as by the first key that named it, however later ones spell it.
CREATE TABLE IF NOT EXISTS person (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  folded TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (programme_no, folded)
) STRICT, WITHOUT ROWID
-- then
CREATE TRIGGER IF NOT EXISTS api_key_tells_of_a_person AFTER INSERT ON api_key WHEN NEW.person_folded IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO person (programme_no, folded, id) VALUES (NEW.programme_no, NEW.person_folded, NEW.person);
END
-- then
UPDATE api_key SET person = 'operator' WHERE operator = 1
