-- Touches: which messages members are to get or got, and why others did not go out. As in the first
-- file, nothing here names a table of the ledger.

-- ── Touches ───────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS touch (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  -- What it is known by: the strategy's id, the node's days from the day of the occasion, the occasion
  -- (see reach/touch/cycle.rs).
  strategy TEXT NOT NULL,
  node INTEGER NOT NULL,
  cycle TEXT NOT NULL,
  -- The account that got it, where that one became part of the member and both were told of the same;
  -- else 0.
  part_no INTEGER NOT NULL DEFAULT 0,
  playbook_version INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  priority INTEGER NOT NULL,
  -- Its own time, before which it is never sent; null for due_at. When it is to go out, which moves as
  -- it waits for room. From when on it must not go out.
  from_at INTEGER,
  due_at INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  -- due, suppressed, sending, sent, unknown, failed; of a suppression why (see reach/touch/reason.rs).
  state TEXT NOT NULL,
  reason TEXT,
  mode TEXT NOT NULL,
  -- JSON: the channels in order.
  channels TEXT NOT NULL,
  wait_hours INTEGER NOT NULL,
  template TEXT,
  -- JSON: what is done beside the message; null for nothing.
  action TEXT,
  -- What it uses up of the strategy's budget, and the period in which that counts; null without one.
  messages INTEGER NOT NULL,
  cost_minor INTEGER NOT NULL,
  points INTEGER NOT NULL,
  period TEXT,
  decided_at INTEGER NOT NULL,
  -- When the member was to see it, or would have but for a holdout, as it was decided, and the local
  -- day of that. 1 where nothing else stood against it but room: results compare these. None of the
  -- three changes later.
  planned_at INTEGER NOT NULL DEFAULT 0,
  planned_day INTEGER NOT NULL DEFAULT 0,
  is_compared INTEGER NOT NULL DEFAULT 0,
  -- The local day on which its occasion ends, where its strategy settles; as it was decided.
  settles_day INTEGER,
  sent_at INTEGER,
  -- The channel that took it.
  channel TEXT,
  -- When another channel took it as well: it counts for caps then.
  last_at INTEGER,
  responded_at INTEGER,
  -- Why it failed, for people.
  error TEXT
) STRICT
-- then
CREATE UNIQUE INDEX IF NOT EXISTS touch_key ON touch (programme_no, member_no, strategy, node, cycle, part_no)
-- then
CREATE INDEX IF NOT EXISTS touch_day ON touch (programme_no, planned_day, no)
-- then
CREATE INDEX IF NOT EXISTS touch_settles ON touch (programme_no, settles_day, no) WHERE settles_day IS NOT NULL
-- then
-- ── The outbox ────────────────────────────────────────────────────────────────────────────────────────────────────

-- Messages that wait, one row for a channel, until it is known what became of them. The channel is
-- empty where a touch only acts. Of "first_possible" the channel stands here whose turn it is.
CREATE TABLE IF NOT EXISTS outbox (
  touch_no INTEGER NOT NULL,
  channel TEXT NOT NULL,
  programme_no INTEGER NOT NULL,
  -- When it is asked whether it goes out.
  due_at INTEGER NOT NULL,
  -- From then on it is the next channel's turn, or too late.
  until_at INTEGER NOT NULL,
  -- When it is to go out, as far as is known: what waits for room is asked before. Null where it is
  -- tried again.
  planned_at INTEGER,
  -- That of the touch.
  priority INTEGER NOT NULL,
  -- The smallest goes first: the highest priority, then the hour in which its time ends. An instant in
  -- place of the hour would make as many turns as messages.
  turn INTEGER NOT NULL GENERATED ALWAYS AS (until_at / 3600000 - priority * 10000000) VIRTUAL,
  PRIMARY KEY (touch_no, channel)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (programme_no, channel, turn, due_at)
-- then
CREATE INDEX IF NOT EXISTS outbox_until ON outbox (until_at)
-- then
CREATE INDEX IF NOT EXISTS outbox_acts ON outbox (programme_no, due_at) WHERE channel = ''
-- then
-- The highest number of a touch that is gone. Attempts, links and vendors keep numbers for longer than
-- touches stay, so none is given again.
CREATE TABLE IF NOT EXISTS touch_gone (
  no INTEGER PRIMARY KEY CHECK (no = 1),
  last INTEGER NOT NULL
) STRICT
-- then
CREATE TRIGGER IF NOT EXISTS touch_goes AFTER DELETE ON touch
BEGIN
  DELETE FROM outbox WHERE touch_no = OLD.no;
  -- As below.
  UPDATE outbox SET due_at = t.from_at FROM touch AS t
    WHERE OLD.state = 'due' AND t.programme_no = OLD.programme_no AND t.member_no = OLD.member_no AND t.state IN ('due', 'sent', 'unknown')
    AND outbox.touch_no = t.no AND outbox.planned_at > t.from_at AND outbox.due_at > t.from_at;
  INSERT INTO touch_gone (no, last) VALUES (1, OLD.no) ON CONFLICT (no) DO UPDATE SET last = max(last, excluded.last);
END
-- then
-- What does not go out after all, or goes later, leaves its room to others of the member: those that wait
-- for room are asked at once.
CREATE TRIGGER IF NOT EXISTS touch_leaves_room AFTER UPDATE OF state, due_at ON touch
WHEN (NEW.state IN ('suppressed', 'failed') AND OLD.state <> NEW.state) OR (NEW.state = 'due' AND NEW.due_at > OLD.due_at)
BEGIN
  UPDATE outbox SET due_at = t.from_at FROM touch AS t
    WHERE t.programme_no = NEW.programme_no AND t.member_no = NEW.member_no AND t.state IN ('due', 'sent', 'unknown') AND t.no <> NEW.no
    AND outbox.touch_no = t.no AND outbox.planned_at > t.from_at AND outbox.due_at > t.from_at;
END
-- then
-- The command table: what became of messages of a channel. settled: [[touch_no, what, why, due_at, planned_at], …],
-- where what is later, behind (facts of its member are), waits (for hours or caps: its time begins anew), sent, unknown, failed,
-- passed (this channel does not take it, because of a reason), suppressed (no channel does) or over. What is told a second time changes nothing.
CREATE VIEW IF NOT EXISTS outbox_settle (channel, at, settled) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS outbox_settled INSTEAD OF INSERT ON outbox_settle
BEGIN
  UPDATE outbox SET due_at = s.value ->> 3, planned_at = iif(s.value ->> 1 = 'later', NULL, planned_at) FROM json_each(NEW.settled) AS s
    WHERE outbox.touch_no = s.value ->> 0 AND outbox.channel = NEW.channel AND s.value ->> 1 IN ('later', 'behind');
  UPDATE outbox SET due_at = s.value ->> 3, planned_at = s.value ->> 4,
    until_at = iif(until_at < t.deadline_at, min(t.deadline_at, (s.value ->> 3) + t.wait_hours * 3600000), until_at)
    FROM json_each(NEW.settled) AS s CROSS JOIN touch AS t ON t.no = s.value ->> 0
    WHERE outbox.touch_no = t.no AND outbox.channel = NEW.channel AND s.value ->> 1 = 'waits';
  -- It is to go out by the first of its channels that may, be it tried again.
  UPDATE touch SET due_at = (SELECT min(coalesce(o.planned_at, o.due_at)) FROM outbox AS o WHERE o.touch_no = touch.no) FROM json_each(NEW.settled) AS s
    WHERE touch.no = s.value ->> 0 AND touch.state = 'due' AND s.value ->> 1 = 'waits'
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = touch.no AND o.channel = NEW.channel);
  -- What had waited for longer, and found room, was due at its own time.
  UPDATE touch SET state = s.value ->> 1, reason = NULL, error = s.value ->> 2, sent_at = NEW.at, channel = nullif(NEW.channel, ''),
    due_at = iif(touch.due_at > NEW.at, coalesce(touch.from_at, touch.due_at), touch.due_at)
    FROM json_each(NEW.settled) AS s
    WHERE touch.no = s.value ->> 0 AND s.value ->> 1 IN ('sent', 'unknown')
    AND touch.state NOT IN ('sent', iif(s.value ->> 1 = 'unknown', 'unknown', 'sent'))
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = touch.no AND o.channel = NEW.channel);
  UPDATE touch SET last_at = NEW.at FROM json_each(NEW.settled) AS s
    WHERE touch.no = s.value ->> 0 AND s.value ->> 1 IN ('sent', 'unknown') AND touch.sent_at < NEW.at AND touch.channel IS NOT nullif(NEW.channel, '')
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = touch.no AND o.channel = NEW.channel);
  UPDATE touch SET error = s.value ->> 2 FROM json_each(NEW.settled) AS s
    WHERE touch.no = s.value ->> 0 AND s.value ->> 1 = 'failed' AND touch.state = 'due'
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = touch.no AND o.channel = NEW.channel);
  -- The next channel's turn.
  INSERT INTO outbox (touch_no, channel, programme_no, due_at, until_at, planned_at, priority)
    SELECT t.no, n.value, t.programme_no, NEW.at,
      CASE WHEN n.key + 1 = json_array_length(t.channels) THEN t.deadline_at
        ELSE min(t.deadline_at, NEW.at + t.wait_hours * 3600000) END, NEW.at, t.priority
    FROM json_each(NEW.settled) AS s CROSS JOIN touch AS t ON t.no = s.value ->> 0 CROSS JOIN json_each(t.channels) AS n
    WHERE s.value ->> 1 IN ('failed', 'passed') AND t.mode = 'first_possible' AND t.state = 'due' AND t.deadline_at > NEW.at
    AND n.key = (
      SELECT min(l.key + iif(EXISTS (SELECT 1 FROM channel_account AS a WHERE a.programme_no = t.programme_no AND a.channel = l.value), 0, 1000)) % 1000
      FROM json_each(t.channels) AS l
      WHERE l.key > (SELECT c.key FROM json_each(t.channels) AS c WHERE c.value = NEW.channel))
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = t.no AND o.channel = NEW.channel)
    ON CONFLICT DO NOTHING;
  -- What no channel takes does not wait for room by another one, either.
  DELETE FROM outbox WHERE planned_at > NEW.at AND touch_no IN (SELECT value ->> 0 FROM json_each(NEW.settled) WHERE value ->> 1 = 'suppressed')
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = outbox.touch_no AND o.channel = NEW.channel)
    AND NOT EXISTS (
      SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = outbox.touch_no AND d.channel = outbox.channel
      AND d.state IN ('sending', 'again', 'accepted', 'delivered', 'unknown'));
  DELETE FROM outbox WHERE channel = NEW.channel
    AND touch_no IN (SELECT value ->> 0 FROM json_each(NEW.settled) WHERE value ->> 1 NOT IN ('later', 'behind', 'waits'));
  -- Of several channels, by those that are left.
  UPDATE touch SET due_at = (SELECT min(coalesce(o.planned_at, o.due_at)) FROM outbox AS o WHERE o.touch_no = touch.no)
    FROM json_each(NEW.settled) AS s
    WHERE touch.no = s.value ->> 0 AND touch.state = 'due' AND touch.mode = 'all' AND s.value ->> 1 IN ('failed', 'passed')
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = touch.no);
  -- The last channel decides; of those before it, one that failed goes before a reason.
  UPDATE touch SET state = iif(touch.error IS NULL, 'suppressed', 'failed'), reason = iif(touch.error IS NULL, s.value ->> 2, NULL),
    due_at = iif(touch.due_at > NEW.at, coalesce(touch.from_at, touch.due_at), touch.due_at)
    FROM json_each(NEW.settled) AS s
    WHERE touch.no = s.value ->> 0 AND touch.state = 'due' AND s.value ->> 1 IN ('failed', 'passed', 'suppressed')
    AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = touch.no);
END
-- then
-- ── Budgets ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- What strategies have used up of their budgets, period by period.
CREATE TABLE IF NOT EXISTS touch_tally (
  programme_no INTEGER NOT NULL,
  strategy TEXT NOT NULL,
  period TEXT NOT NULL,
  messages INTEGER NOT NULL,
  cost_minor INTEGER NOT NULL,
  points INTEGER NOT NULL,
  -- When it was counted last.
  at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, strategy, period)
) STRICT, WITHOUT ROWID
-- then
-- The command table: touches that were decided, with the numbers from first_no on. Many differ in their
-- members alone, so a list has those once (see store/reach/decided.rs): alike is a list of objects, what
-- groups have in common, whose "groups" are lists: the place of the first number, cycle, due_at,
-- deadline_at, from_at, planned_at, planned_day, settles_day, the members. budgets: [[strategy, period,
-- messages, cost_minor, points], …], what was used up when they were decided. Where more is by now, nothing
-- is written.
CREATE VIEW IF NOT EXISTS touch_decided (programme_no, first_no, alike, budgets) AS SELECT NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS touches_decided INSTEAD OF INSERT ON touch_decided
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (
    SELECT 1 FROM json_each(NEW.budgets) AS b
    CROSS JOIN touch_tally AS t ON t.programme_no = NEW.programme_no AND t.strategy = b.value ->> 0 AND t.period = b.value ->> 1
    WHERE t.messages > b.value ->> 2 OR t.cost_minor > b.value ->> 3 OR t.points > b.value ->> 4);
  -- What is decided about an account that closed meanwhile is left out, and what is there stays as it is.
  -- With a limit, what groups and members have in common is read once, and not for each member.
  INSERT INTO touch (no, programme_no, member_no, strategy, node, cycle, playbook_version, purpose, priority, due_at, deadline_at, state, reason,
    mode, channels, wait_hours, template, action, messages, cost_minor, points, period, decided_at, planned_at, planned_day, is_compared, from_at,
    settles_day)
    SELECT NEW.first_no + g.place + m.key, NEW.programme_no, m.value, g.strategy, g.node, g.cycle, g.version, g.purpose, g.priority, g.due_at,
      g.deadline_at, g.state, g.reason, g.mode, g.channels, g.wait_hours, g.template, g.action, g.messages, g.cost_minor, g.points, g.period,
      g.decided_at, g.planned_at, g.planned_day, g.is_compared, g.from_at, g.settles_day
    FROM (
      SELECT s.strategy, s.node, s.version, s.purpose, s.priority, s.state, s.reason, s.mode, s.channels, s.wait_hours, s.template, s.action,
        s.messages, s.cost_minor, s.points, s.period, s.decided_at, s.is_compared, value ->> 0 AS place, value ->> 1 AS cycle,
        value ->> 2 AS due_at, value ->> 3 AS deadline_at, value ->> 4 AS from_at, value ->> 5 AS planned_at,
        value ->> 6 AS planned_day, value ->> 7 AS settles_day, value -> 8 AS members
      FROM (
        SELECT value ->> 'strategy' AS strategy, value ->> 'node' AS node, value ->> 'version' AS version, value ->> 'purpose' AS purpose,
          value ->> 'priority' AS priority, value ->> 'state' AS state, value ->> 'reason' AS reason, value ->> 'mode' AS mode,
          value ->> 'channels' AS channels, value ->> 'wait_hours' AS wait_hours, value ->> 'template' AS template, value ->> 'action' AS action,
          value ->> 'messages' AS messages, value ->> 'cost_minor' AS cost_minor, value ->> 'points' AS points, value ->> 'period' AS period,
          value ->> 'decided_at' AS decided_at, value ->> 'is_compared' AS is_compared, value -> 'groups' AS groups
        FROM json_each(NEW.alike) LIMIT -1 OFFSET 0) AS s
      CROSS JOIN json_each(s.groups) LIMIT -1 OFFSET 0) AS g
    CROSS JOIN json_each(g.members) AS m
    WHERE NOT EXISTS (SELECT 1 FROM departed WHERE member_no = m.value)
    ON CONFLICT DO NOTHING;
  -- Of "first_possible" the first channel that has an account goes first.
  INSERT INTO outbox (touch_no, channel, programme_no, due_at, until_at, planned_at, priority)
    SELECT t.no, c.value, t.programme_no, coalesce(t.from_at, t.due_at),
      CASE WHEN t.mode = 'all' OR c.key + 1 = json_array_length(t.channels) THEN t.deadline_at
        ELSE min(t.deadline_at, t.due_at + t.wait_hours * 3600000) END, t.due_at, t.priority
    FROM touch AS t CROSS JOIN json_each(iif(t.channels = '[]', '[""]', t.channels)) AS c
    WHERE t.no >= NEW.first_no AND t.state = 'due' AND (t.mode = 'all' OR c.key = (
      -- Keys of channels without an account come after all others.
      SELECT min(o.key + iif(EXISTS (SELECT 1 FROM channel_account AS a WHERE a.programme_no = t.programme_no AND a.channel = o.value), 0, 1000)) % 1000
      FROM json_each(iif(t.channels = '[]', '[""]', t.channels)) AS o));
  INSERT INTO touch_tally (programme_no, strategy, period, messages, cost_minor, points, at)
    SELECT t.programme_no, t.strategy, t.period, sum(t.messages), sum(t.cost_minor), sum(t.points), max(t.decided_at) FROM touch AS t
    WHERE t.no >= NEW.first_no AND t.state = 'due' AND t.period IS NOT NULL GROUP BY t.programme_no, t.strategy, t.period
    ON CONFLICT (programme_no, strategy, period) DO UPDATE SET messages = messages + excluded.messages,
      cost_minor = cost_minor + excluded.cost_minor, points = points + excluded.points, at = excluded.at;
END
-- then
-- Touches that went out, or may have. An attempt that is in doubt tells nothing once a later one by its
-- channel was answered, as both have one id.
CREATE VIEW IF NOT EXISTS touch_that_went (no) AS
  SELECT t.no FROM touch AS t WHERE t.state IN ('sent', 'unknown') OR EXISTS (
    SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = t.no
    AND (d.state IN ('sending', 'accepted', 'delivered', 'bounced', 'unknown') OR (d.state = 'again' AND NOT EXISTS (
      SELECT 1 FROM touch_delivery AS l WHERE l.touch_no = d.touch_no AND l.channel = d.channel AND l.attempt > d.attempt AND l.state <> 'retry'))))
-- then
-- Touches of an account that became part of another one go there. Where that one has one for the same
-- occasion, what went out stays, of both accounts, as it was sent and paid: what waits does not go out
-- a second time. Of an erased member nothing is left.
CREATE TRIGGER IF NOT EXISTS departed_takes_touches_along AFTER INSERT ON departed
BEGIN
  DELETE FROM touch WHERE programme_no = NEW.programme_no AND member_no = NEW.into_no AND state = 'due'
    AND NOT EXISTS (SELECT 1 FROM touch_that_went AS w WHERE w.no = touch.no)
    AND EXISTS (
      SELECT 1 FROM touch AS p CROSS JOIN touch_that_went AS w ON w.no = p.no
      WHERE p.programme_no = NEW.programme_no AND p.member_no = NEW.member_no
      AND p.strategy = touch.strategy AND p.node = touch.node AND p.cycle = touch.cycle);
  UPDATE OR IGNORE touch SET member_no = NEW.into_no
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NOT NULL;
  UPDATE touch SET member_no = NEW.into_no, part_no = NEW.member_no
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NOT NULL
    AND EXISTS (SELECT 1 FROM touch_that_went AS w WHERE w.no = touch.no);
  DELETE FROM touch WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
END
-- then
-- ── Deciding ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- How far the days of a programme are decided.
CREATE TABLE IF NOT EXISTS touch_run (
  programme_no INTEGER PRIMARY KEY,
  -- The last local day of which everything was decided for all members.
  decided_through INTEGER NOT NULL,
  -- The local day of the walk over all members that is under way; null where there is none.
  day INTEGER,
  -- The last member that it has seen.
  position INTEGER NOT NULL
) STRICT
-- then
-- Programmes whose day is decided: when the walk of the next one begins, and by which version of the
-- rulebook, which has the zone.
CREATE TABLE IF NOT EXISTS touch_rest (
  programme_no INTEGER PRIMARY KEY,
  until INTEGER NOT NULL,
  rulebook_version INTEGER NOT NULL
) STRICT
-- then
-- The command table: the walk of a day goes on from "before" to "position". It begins where nothing is
-- under way, and "before" is null; where "position" is null it ends, and the day is decided.
CREATE VIEW IF NOT EXISTS touch_run_step (programme_no, day, before, position) AS SELECT NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS touch_run_stepped INSTEAD OF INSERT ON touch_run_step
BEGIN
  SELECT RAISE(IGNORE) WHERE NEW.before IS NOT (
    SELECT CASE WHEN day = NEW.day THEN position END FROM touch_run WHERE programme_no = NEW.programme_no)
    OR EXISTS (SELECT 1 FROM touch_run WHERE programme_no = NEW.programme_no AND (decided_through >= NEW.day OR day <> NEW.day));
  INSERT INTO touch_run (programme_no, decided_through, day, position)
    SELECT NEW.programme_no, NEW.day - 1, NEW.day, NEW.position WHERE NEW.position IS NOT NULL
    ON CONFLICT (programme_no) DO UPDATE SET day = excluded.day, position = excluded.position;
  UPDATE touch_run SET decided_through = NEW.day, day = NULL, position = 0
    WHERE programme_no = NEW.programme_no AND NEW.position IS NULL;
END
-- then
-- ── What happened ─────────────────────────────────────────────────────────────────────────────────────────────────

-- What happened to members that a strategy asks for, while it may be answered: nodes of a sequence
-- are due days later.
CREATE TABLE IF NOT EXISTS touch_occasion (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  -- Who told of it: "entry:" or "set:" and the number there; of behaviour the member, the kind and the
  -- local day, as all of that day is told once.
  source TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- A JSON object (see reach/touch/occasion.rs).
  what TEXT NOT NULL,
  until INTEGER NOT NULL,
  -- When it is to be asked for; null where the nodes of later days alone ask.
  ask_at INTEGER,
  -- How often it was told: a run that asked before the last time has not asked for all.
  told INTEGER NOT NULL DEFAULT 1
) STRICT
-- then
CREATE UNIQUE INDEX IF NOT EXISTS touch_occasion_once ON touch_occasion (programme_no, source)
-- then
CREATE INDEX IF NOT EXISTS touch_occasion_member ON touch_occasion (programme_no, member_no)
-- then
CREATE INDEX IF NOT EXISTS touch_occasion_new ON touch_occasion (programme_no, ask_at) WHERE ask_at IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS touch_occasion_until ON touch_occasion (until)
-- then
CREATE TRIGGER IF NOT EXISTS touch_occasion_goes AFTER DELETE ON touch_occasion WHEN OLD.no > coalesce((SELECT max(no) FROM touch_occasion), 0)
BEGIN
  INSERT INTO number_gone (of, last) VALUES ('occasion', OLD.no) ON CONFLICT (of) DO UPDATE SET last = max(last, excluded.last);
END
-- then
CREATE TRIGGER IF NOT EXISTS touch_occasion_of_the_departed BEFORE INSERT ON touch_occasion
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
CREATE TRIGGER IF NOT EXISTS departed_takes_occasions_along AFTER INSERT ON departed
BEGIN
  UPDATE touch_occasion SET member_no = NEW.into_no
    WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no AND NEW.into_no IS NOT NULL;
  DELETE FROM touch_occasion WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
END
-- then
-- How far each source was heard: "entry" and "behaviour" for all programmes, "tag:" or "segment:" and the
-- number of a programme.
CREATE TABLE IF NOT EXISTS touch_cursor (
  source TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID
-- then
-- The command table: a source is heard from "before" to "position"; "before" is null where it begins.
-- heard: [[programme_no, member_no, source, at, what, until, ask_at], …].
CREATE VIEW IF NOT EXISTS touch_heard (source, before, position, heard) AS SELECT NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS touch_is_heard INSTEAD OF INSERT ON touch_heard
BEGIN
  SELECT RAISE(IGNORE) WHERE NEW.before IS NOT (SELECT position FROM touch_cursor WHERE source = NEW.source);
  -- What happened to an account that became part of another one meanwhile is heard of that one.
  INSERT INTO touch_occasion (no, programme_no, member_no, source, at, what, until, ask_at)
    SELECT 1 + key + (SELECT max(coalesce((SELECT max(no) FROM touch_occasion), 0), coalesce((SELECT last FROM number_gone WHERE of = 'occasion'), 0))),
      value ->> 0, coalesce((SELECT d.into_no FROM departed AS d WHERE d.member_no = value ->> 1), value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(NEW.heard) WHERE true ORDER BY key
    ON CONFLICT (programme_no, source) DO UPDATE SET at = max(at, excluded.at), until = max(until, excluded.until),
      ask_at = min(coalesce(ask_at, excluded.ask_at), excluded.ask_at), told = told + 1
    WHERE what ->> '$.kind' = 'behaviour';
  INSERT INTO touch_cursor (source, position) VALUES (NEW.source, NEW.position)
    ON CONFLICT (source) DO UPDATE SET position = excluded.position;
END
