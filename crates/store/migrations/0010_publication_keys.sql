-- Asking for a publication once under its key, and who approved of it kept beside who stopped it later.

ALTER TABLE publication_request ADD COLUMN asked_key TEXT
-- then
CREATE UNIQUE INDEX IF NOT EXISTS publication_key ON publication_request (programme_no, asked_key) WHERE asked_key IS NOT NULL
-- then
ALTER TABLE publication_request ADD COLUMN approved_at INTEGER
-- then
ALTER TABLE publication_request ADD COLUMN approved_by TEXT
-- then
-- Why it was decided so, in the words of who decided last.
ALTER TABLE publication_request ADD COLUMN reason TEXT
-- then
-- What another rulebook came before is superseded, whether or not somebody has written that down.
CREATE VIEW IF NOT EXISTS publication_standing AS
  SELECT w.programme_no, w.id, w.draft, w.base_version, w.at, w.major, w.role, w.asked_at, w.asked_by, w.decided_at, w.decided_by,
    w.published_at, w.asked_key, w.approved_at, w.approved_by, w.reason,
    CASE WHEN w.state IN ('waiting', 'planned') AND w.base_version IS NOT p.rulebook_version THEN 'superseded' ELSE w.state END AS state
  FROM publication_request AS w JOIN programme AS p ON p.no = w.programme_no
