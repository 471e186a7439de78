-- What strategies brought, as sums of days: no row names a member. As in the first file, nothing
-- here names a table of the ledger.

-- ── Results ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- A figure of the touches that were planned for a local day.
CREATE TABLE IF NOT EXISTS touch_result (
  programme_no INTEGER NOT NULL,
  -- The strategy's id; empty for all marketing together.
  strategy TEXT NOT NULL,
  day INTEGER NOT NULL,
  -- The node's days from the day of the occasion, and the channel; empty for all of them.
  node TEXT NOT NULL,
  channel TEXT NOT NULL,
  -- See jobs/results/figures.rs.
  figure TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (programme_no, strategy, day, node, channel, figure)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS touch_result_day ON touch_result (programme_no, day)
-- then
CREATE INDEX IF NOT EXISTS touch_result_whole ON touch_result (programme_no, day, strategy, figure, value) WHERE node = ''
-- then
-- How far the days of a programme are counted, by how many days after them.
CREATE TABLE IF NOT EXISTS touch_result_run (
  programme_no INTEGER NOT NULL,
  after_days INTEGER NOT NULL,
  -- All touches that were planned for days up to this one are counted.
  done_through INTEGER NOT NULL,
  -- The day whose touches are being counted, null where none is; the number of the last touch that
  -- is, and the figures up to there: [[strategy, node, channel, figure, value], …].
  day INTEGER,
  position INTEGER NOT NULL,
  counts TEXT NOT NULL,
  PRIMARY KEY (programme_no, after_days)
) STRICT, WITHOUT ROWID
-- then
-- The command table: the count of a day goes on from "before" to "position". It begins where nothing
-- is under way, and "before" is null; where "position" is null it ends, and the figures take the
-- place of those that the day had.
CREATE VIEW IF NOT EXISTS touch_result_step (programme_no, after_days, day, before, position, counts)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS touch_result_stepped INSTEAD OF INSERT ON touch_result_step
BEGIN
  SELECT RAISE(IGNORE) WHERE NEW.before IS NOT (
    SELECT CASE WHEN day = NEW.day THEN position END FROM touch_result_run
    WHERE programme_no = NEW.programme_no AND after_days = NEW.after_days)
    OR EXISTS (SELECT 1 FROM touch_result_run WHERE programme_no = NEW.programme_no AND after_days = NEW.after_days
      AND (done_through >= NEW.day OR day <> NEW.day));
  -- By the index of days: the primary key alone would walk all results of the programme.
  DELETE FROM touch_result WHERE NEW.position IS NULL AND (programme_no, strategy, day, node, channel, figure) IN (
    SELECT r.programme_no, r.strategy, r.day, r.node, r.channel, r.figure
    FROM touch_result AS r WHERE r.programme_no = NEW.programme_no AND r.day = NEW.day);
  INSERT INTO touch_result (programme_no, strategy, day, node, channel, figure, value)
    SELECT NEW.programme_no, value ->> 0, NEW.day, value ->> 1, value ->> 2, value ->> 3, value ->> 4
    FROM json_each(NEW.counts) WHERE NEW.position IS NULL;
  INSERT INTO touch_result_run (programme_no, after_days, done_through, day, position, counts)
    SELECT NEW.programme_no, NEW.after_days, NEW.day - 1, NEW.day, NEW.position, NEW.counts WHERE NEW.position IS NOT NULL
    ON CONFLICT (programme_no, after_days) DO UPDATE SET done_through = excluded.done_through, day = excluded.day,
      position = excluded.position, counts = excluded.counts;
  UPDATE touch_result_run SET done_through = NEW.day, day = NULL, position = 0, counts = '[]'
    WHERE programme_no = NEW.programme_no AND after_days = NEW.after_days AND NEW.position IS NULL;
END
