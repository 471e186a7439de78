-- What the published rulebook asks for beside the member's state, so that one statement can load it before anybody has read the rulebook.
ALTER TABLE programme ADD COLUMN asks_profile INTEGER NOT NULL DEFAULT 0
-- then
-- Counters of the programme that are budgets: a JSON list of subjects, null for none.
ALTER TABLE programme ADD COLUMN budgets TEXT
-- then
CREATE VIEW IF NOT EXISTS publication_v2 (programme_id, name, expected_version, document, digest, published_at, published_by, asks_profile, budgets)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS publication_v2_commit INSTEAD OF INSERT ON publication_v2
BEGIN
  SELECT RAISE(IGNORE) WHERE
    coalesce((SELECT rulebook_version FROM programme WHERE id = NEW.programme_id), 0) IS NOT NEW.expected_version;
  INSERT INTO programme (id, name, rulebook_version, rulebook_digest, created_at, asks_profile, budgets)
    VALUES (NEW.programme_id, NEW.name, NEW.expected_version + 1, NEW.digest, NEW.published_at, NEW.asks_profile, NEW.budgets)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, rulebook_version = excluded.rulebook_version,
      rulebook_digest = excluded.rulebook_digest, asks_profile = excluded.asks_profile, budgets = excluded.budgets;
  INSERT INTO rulebook (programme_no, version, document, published_at, published_by)
    SELECT no, NEW.expected_version + 1, NEW.document, NEW.published_at, NEW.published_by FROM programme WHERE id = NEW.programme_id;
END
