-- How many refusals and answers of each programme are kept under their keys. Whoever sends requests without end has the newest of them kept, and fills
-- no disk between two nights. The count is asked for in a CASE: in a WHERE, SQLite would ask for every row that is kept.
CREATE TABLE IF NOT EXISTS kept_count (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  what TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (programme_no, what)
) STRICT, WITHOUT ROWID
-- then
INSERT OR REPLACE INTO kept_count
SELECT programme_no, 'refusals', count(*) FROM refusal GROUP BY programme_no
UNION ALL
SELECT programme_no, 'receipts', count(*) FROM receipt GROUP BY programme_no
-- then
CREATE TRIGGER IF NOT EXISTS refusal_counted AFTER INSERT ON refusal
BEGIN
  INSERT INTO kept_count VALUES (NEW.programme_no, 'refusals', 1) ON CONFLICT DO UPDATE SET number = number + 1;
  DELETE FROM refusal WHERE programme_no = NEW.programme_no AND idem =
    CASE WHEN (SELECT number FROM kept_count WHERE programme_no = NEW.programme_no AND what = 'refusals') > 1000000
      THEN (SELECT idem FROM refusal WHERE programme_no = NEW.programme_no ORDER BY recorded_at LIMIT 1) END;
END
-- then
CREATE TRIGGER IF NOT EXISTS refusal_uncounted AFTER DELETE ON refusal
BEGIN
  UPDATE kept_count SET number = number - 1 WHERE programme_no = OLD.programme_no AND what = 'refusals';
END
-- then
CREATE TRIGGER IF NOT EXISTS receipt_counted AFTER INSERT ON receipt
BEGIN
  INSERT INTO kept_count VALUES (NEW.programme_no, 'receipts', 1) ON CONFLICT DO UPDATE SET number = number + 1;
  DELETE FROM receipt WHERE programme_no = NEW.programme_no AND idem =
    CASE WHEN (SELECT number FROM kept_count WHERE programme_no = NEW.programme_no AND what = 'receipts') > 100000
      THEN (SELECT idem FROM receipt WHERE programme_no = NEW.programme_no ORDER BY recorded_at LIMIT 1) END;
END
-- then
CREATE TRIGGER IF NOT EXISTS receipt_uncounted AFTER DELETE ON receipt
BEGIN
  UPDATE kept_count SET number = number - 1 WHERE programme_no = OLD.programme_no AND what = 'receipts';
END
