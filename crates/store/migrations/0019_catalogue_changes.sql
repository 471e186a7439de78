-- Changes of the catalogue that another person has to approve of.

CREATE TABLE IF NOT EXISTS reward_change (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  reward_id TEXT NOT NULL,
  -- Names this change, so that nobody approves of another one than they saw.
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, reward_id)
) STRICT, WITHOUT ROWID
-- then
-- Puts a change into the catalogue that was approved of: both in one statement.
CREATE VIEW IF NOT EXISTS reward_approval (programme_no, reward_id, id, now, approved_by) AS SELECT NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS reward_approval_commit INSTEAD OF INSERT ON reward_approval
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM reward_change WHERE programme_no = NEW.programme_no AND reward_id = NEW.reward_id AND id = NEW.id);
  INSERT INTO reward (programme_no, id, version, document, updated_at, updated_by)
    SELECT programme_no, reward_id, 1, document, NEW.now, NEW.approved_by FROM reward_change
    WHERE programme_no = NEW.programme_no AND reward_id = NEW.reward_id
    ON CONFLICT (programme_no, id) DO UPDATE SET version = version + 1, document = excluded.document,
      updated_at = excluded.updated_at, updated_by = excluded.updated_by;
  DELETE FROM reward_change WHERE programme_no = NEW.programme_no AND reward_id = NEW.reward_id;
END
