-- Rulebooks that were asked to be published: at once or at some time, some of them after somebody else approved.

CREATE TABLE IF NOT EXISTS publication_request (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  id TEXT NOT NULL,
  -- The draft it was made of; only shown. What is published is what the draft was when it was asked for.
  draft TEXT NOT NULL,
  rulebook TEXT NOT NULL,
  digest TEXT NOT NULL,
  asks_profile INTEGER NOT NULL,
  budgets TEXT,
  -- The version it was compared with: when another one is published first, this one never is.
  base_version INTEGER NOT NULL,
  -- Not before this instant.
  at INTEGER NOT NULL,
  -- What has to be approved of, a JSON list of pointers, and by which role.
  major TEXT NOT NULL,
  role TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  -- waiting (for an approval), planned, published, rejected, withdrawn, superseded
  state TEXT NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,
  published_at INTEGER,
  PRIMARY KEY (programme_no, id)
) STRICT
-- then
CREATE INDEX IF NOT EXISTS publication_planned ON publication_request (programme_no, at) WHERE state = 'planned'
-- then
-- Publishes what is planned, or finds it superseded: the version and its publication in one statement.
CREATE VIEW IF NOT EXISTS planned_publication (programme_no, id, now) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS planned_publication_commit INSTEAD OF INSERT ON planned_publication
BEGIN
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM publication_request
    WHERE programme_no = NEW.programme_no AND id = NEW.id AND state = 'planned' AND at <= NEW.now);
  UPDATE publication_request SET state = 'superseded', published_at = NULL
    WHERE programme_no = NEW.programme_no AND id = NEW.id
      AND base_version IS NOT (SELECT rulebook_version FROM programme WHERE no = NEW.programme_no);
  INSERT INTO publication_v2
    SELECT p.id, p.name, w.base_version, w.rulebook, w.digest, NEW.now, 'publication:' || w.id, w.asks_profile, w.budgets
    FROM publication_request AS w JOIN programme AS p ON p.no = w.programme_no
    WHERE w.programme_no = NEW.programme_no AND w.id = NEW.id AND w.state = 'planned';
  UPDATE publication_request SET state = 'published', published_at = NEW.now
    WHERE programme_no = NEW.programme_no AND id = NEW.id AND state = 'planned';
END
