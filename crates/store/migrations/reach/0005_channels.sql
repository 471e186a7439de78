-- Accounts at vendors, and what became of what was sent by them. As in the first file, nothing here
-- names a table of the ledger, and names differ from those of the ledger ("delivery" is one of its).

-- ── Accounts ──────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS channel_account (
  -- Not given again while attempts of an account that was removed have it.
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  vendor TEXT NOT NULL,
  channel TEXT NOT NULL,
  -- A JSON object that may be shown.
  settings TEXT NOT NULL,
  -- A JSON object, sealed.
  secrets TEXT NOT NULL,
  -- Of accounts of one channel, the one with the smallest number sends.
  rank INTEGER NOT NULL,
  -- Messages per second, and how many may go at once after a rest.
  per_second INTEGER NOT NULL,
  burst INTEGER NOT NULL,
  -- What a message costs, in minor units of the programme's currency.
  message_cost_minor INTEGER NOT NULL DEFAULT 0,
  -- SHA-256 of the secret in the address to which the vendor posts, in hexadecimal digits.
  callback_digest TEXT,
  -- That secret, sealed: vendors that are told the address with each message get it from here.
  callback_secret TEXT,
  -- Why nothing is sent until a person has seen to it.
  paused_because TEXT,
  paused_at INTEGER,
  -- Failures since the last success, and until when the account rests.
  failures INTEGER NOT NULL DEFAULT 0,
  rests_until INTEGER NOT NULL DEFAULT 0,
  -- What is left of the burst, in thousandths of a message, and as of when.
  left_milli INTEGER NOT NULL,
  left_at INTEGER NOT NULL,
  -- Whose run sends now.
  lease TEXT,
  leased_until INTEGER NOT NULL DEFAULT 0,
  -- Counts on with each turn of any account: the smallest one had its turn longest ago.
  turn INTEGER NOT NULL DEFAULT 0,
  -- Attempts up to this number were made with another vendor or other settings. What that vendor knows
  -- by an id, or reserved, counts for nothing at this one.
  changed_after INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  UNIQUE (programme_no, id)
) STRICT
-- then
CREATE UNIQUE INDEX IF NOT EXISTS channel_account_callback ON channel_account (callback_digest)
  WHERE callback_digest IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS channel_account_turn ON channel_account (turn, no)
-- then
-- ── Tests ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Where templates may be tried: addresses of staff, never of members.
CREATE TABLE IF NOT EXISTS test_address (
  programme_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  channel TEXT NOT NULL,
  -- Sealed as addresses of members are, and found by a digest as they are.
  address TEXT NOT NULL,
  digest TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (programme_no, id)
) STRICT, WITHOUT ROWID
-- then
-- Tests of the last day, which are counted. One goes for a key.
CREATE TABLE IF NOT EXISTS test_message (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  at INTEGER NOT NULL,
  -- The line of API keys, and the idempotency key.
  key TEXT NOT NULL,
  UNIQUE (programme_no, key)
) STRICT
-- then
CREATE INDEX IF NOT EXISTS test_message_at ON test_message (programme_no, at)
-- then
CREATE TRIGGER IF NOT EXISTS test_message_made AFTER INSERT ON test_message
BEGIN
  DELETE FROM test_message WHERE programme_no = NEW.programme_no AND at <= NEW.at - 86400000;
END
-- then
-- ── Tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- What a vendor gave in place of a secret, sealed. Gone with the account, and with its secrets.
CREATE TABLE IF NOT EXISTS channel_token (
  account_no INTEGER PRIMARY KEY,
  token TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT
-- then
CREATE TRIGGER IF NOT EXISTS channel_account_changed AFTER UPDATE OF settings, secrets ON channel_account
WHEN NEW.settings <> OLD.settings OR NEW.secrets <> OLD.secrets
BEGIN
  DELETE FROM channel_token WHERE account_no = NEW.no;
END
-- then
-- With another vendor or other settings nothing goes again of what the one before may have: what is on
-- its way is unknown, and the run that sends it has no lease any more. What was to go again is settled
-- when it is due (see wave_begun).
CREATE TRIGGER IF NOT EXISTS channel_account_moved AFTER UPDATE OF vendor, channel, settings ON channel_account
WHEN NEW.vendor <> OLD.vendor OR NEW.channel <> OLD.channel OR NEW.settings <> OLD.settings
BEGIN
  UPDATE touch_delivery SET state = 'unknown', error = 'the account was changed' WHERE account_no = NEW.no AND state = 'sending';
  UPDATE channel_account SET lease = NULL, leased_until = 0, changed_after = coalesce((SELECT max(no) FROM touch_delivery), 0)
    WHERE no = NEW.no;
END
-- then
CREATE TRIGGER IF NOT EXISTS channel_account_gone AFTER DELETE ON channel_account
BEGIN
  DELETE FROM channel_token WHERE account_no = OLD.no;
  DELETE FROM known_report WHERE account_no = OLD.no;
  -- Nobody is left to settle what is on its way.
  UPDATE touch_delivery SET state = 'unknown', error = 'the account was removed' WHERE account_no = OLD.no AND state = 'sending';
END
-- then
-- ── Attempts ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- One attempt to deliver a touch by one account. No text and no address stands here.
CREATE TABLE IF NOT EXISTS touch_delivery (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  touch_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  channel TEXT NOT NULL,
  -- Counts from 1 for each touch and channel.
  attempt INTEGER NOT NULL,
  account_no INTEGER NOT NULL,
  -- sending; retry (it was not taken), again (the vendor may have it, and delivers an id once);
  -- accepted, delivered, failed, bounced, unknown.
  state TEXT NOT NULL,
  -- The id under which the vendor has it; what was reserved there, so that it may be sent again.
  provider_id TEXT,
  reserved TEXT,
  -- Of the address as it was then: by it the address is closed that a report speaks of.
  digest TEXT NOT NULL,
  -- Why it failed, or is sent again.
  error TEXT,
  cost_minor INTEGER,
  started_at INTEGER NOT NULL,
  settled_at INTEGER,
  -- The run that sends it.
  lease TEXT,
  UNIQUE (touch_no, channel, attempt)
) STRICT
-- then
-- What is on its way: few at a time. What was left there by a run that died is settled by the next.
CREATE INDEX IF NOT EXISTS touch_delivery_sending ON touch_delivery (account_no, no) WHERE state = 'sending'
-- then
CREATE INDEX IF NOT EXISTS touch_delivery_provider ON touch_delivery (account_no, provider_id) WHERE provider_id IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS touch_delivery_member ON touch_delivery (member_no)
-- then
CREATE INDEX IF NOT EXISTS touch_delivery_account ON touch_delivery (account_no, started_at, state)
-- then
CREATE INDEX IF NOT EXISTS touch_delivery_started ON touch_delivery (started_at)
-- then
-- Runs compare numbers of attempts, so none is given again.
CREATE TRIGGER IF NOT EXISTS delivery_goes AFTER DELETE ON touch_delivery WHEN OLD.no > coalesce((SELECT max(no) FROM touch_delivery), 0)
BEGIN
  INSERT INTO number_gone (of, last) VALUES ('attempt', OLD.no) ON CONFLICT (of) DO UPDATE SET last = max(last, excluded.last);
END
-- then
-- An erased member gets nothing more.
CREATE TRIGGER IF NOT EXISTS delivery_of_the_departed BEFORE INSERT ON touch_delivery
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
-- An erased member leaves nothing, and an account that becomes part of another one takes it along.
CREATE TRIGGER IF NOT EXISTS departed_takes_deliveries_along AFTER INSERT ON departed
BEGIN
  UPDATE touch_delivery SET member_no = NEW.into_no WHERE member_no = NEW.member_no AND NEW.into_no IS NOT NULL;
  DELETE FROM touch_delivery WHERE member_no = NEW.member_no AND NEW.into_no IS NULL;
END
-- then
-- What arrived after all was sent, whatever was believed of its touch.
CREATE TRIGGER IF NOT EXISTS delivery_arrived AFTER UPDATE OF state ON touch_delivery
WHEN NEW.state = 'delivered' AND OLD.state IN ('sending', 'again', 'accepted', 'unknown')
BEGIN
  UPDATE touch SET state = 'sent', sent_at = NEW.started_at, channel = NEW.channel, error = NULL,
    due_at = iif(due_at > NEW.started_at, coalesce(from_at, due_at), due_at)
    WHERE no = NEW.touch_no AND programme_no = NEW.programme_no AND state IN ('due', 'sending', 'unknown');
END
-- then
-- What did not arrive after all has failed, unless another attempt may have arrived. Where another of its
-- channels waits for its time, the touch is due again. One that is due is left to the next run.
CREATE TRIGGER IF NOT EXISTS delivery_failed AFTER UPDATE OF state ON touch_delivery
WHEN NEW.state IN ('failed', 'bounced') AND OLD.state = 'unknown'
BEGIN
  UPDATE touch SET state = iif(EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = touch.no AND o.channel <> NEW.channel), 'due', 'failed'),
    sent_at = NULL, channel = NULL, error = NEW.error
    WHERE no = NEW.touch_no AND programme_no = NEW.programme_no AND state = 'unknown'
    AND NOT EXISTS (
      SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = NEW.touch_no
      AND d.state IN ('sending', 'again', 'accepted', 'delivered', 'unknown'));
END
-- then
-- Reports of ids that are not known: a post may be faster than the commit. Kept for three days.
CREATE TABLE IF NOT EXISTS early_report (
  account_no INTEGER NOT NULL,
  provider_id TEXT NOT NULL,
  what TEXT NOT NULL,
  why TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (account_no, provider_id, what)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS early_report_at ON early_report (at)
-- then
-- Reports that closed an address or withdrew a consent, of vendors that sign no instant. They count once,
-- as what they say may have been taken back since.
CREATE TABLE IF NOT EXISTS known_report (
  account_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (account_no, id)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS known_report_at ON known_report (at)
-- then
-- ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- The command table that begins a wave: takes from the burst, and writes what is about to go, wholly
-- or, where the lease is lost or the account paused, not at all. touches: [[programme_no, touch_no, member_no, reserved,
-- digest, the last attempt that was known when the member was asked], …].
CREATE VIEW IF NOT EXISTS wave_begin (account_no, lease, at, left_milli, touches) AS SELECT NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS wave_begun INSTEAD OF INSERT ON wave_begin
BEGIN
  -- An account that was paused meanwhile sends nothing more.
  SELECT RAISE(IGNORE) WHERE NOT EXISTS (
    SELECT 1 FROM channel_account WHERE no = NEW.account_no AND lease = NEW.lease AND paused_because IS NULL);
  UPDATE channel_account SET left_milli = NEW.left_milli, left_at = NEW.at WHERE no = NEW.account_no;
  -- By the touches: an account has millions of attempts.
  UPDATE touch_delivery SET state = 'unknown', error = 'the account was changed', settled_at = NEW.at
    WHERE +account_no = NEW.account_no AND state = 'again'
    AND no <= (SELECT changed_after FROM channel_account WHERE no = NEW.account_no)
    AND touch_no IN (SELECT value ->> 1 FROM json_each(NEW.touches));
  INSERT OR IGNORE INTO touch_delivery (no, programme_no, touch_no, member_no, channel, attempt, account_no, state, reserved, digest, started_at, lease)
    SELECT 1 + key + (SELECT max(coalesce((SELECT max(no) FROM touch_delivery), 0), coalesce((SELECT last FROM number_gone WHERE of = 'attempt'), 0))),
      value ->> 0, value ->> 1, value ->> 2, a.channel,
      1 + coalesce((SELECT max(d.attempt) FROM touch_delivery AS d WHERE d.touch_no = value ->> 1 AND d.channel = a.channel), 0),
      a.no, 'sending', value ->> 3, value ->> 4, NEW.at, NEW.lease
    FROM json_each(NEW.touches) CROSS JOIN channel_account AS a WHERE a.no = NEW.account_no
    -- It may be the next channel's turn by now.
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.touch_no = value ->> 1 AND o.channel = a.channel)
    -- Only what was not taken may go again: not what is on its way, may have arrived, or was refused.
    -- What another account's vendor may have goes by that account only, which knows its id.
    AND NOT EXISTS (
      SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = value ->> 1 AND d.channel = a.channel
      AND d.state <> 'retry' AND (d.state <> 'again' OR d.account_no <> a.no))
    -- Caps were asked without what another account has sent to the member since: this one is asked again.
    AND NOT EXISTS (
      SELECT 1 FROM touch_delivery AS d WHERE d.member_no = value ->> 2 AND d.no > value ->> 5 AND d.touch_no <> value ->> 1);
END
-- then
-- The command table that ends a wave: what became of each attempt, and of the account. A report that
-- was faster than this is not overwritten. What was sent with settings that are no longer those of the
-- account does not go again where the vendor may have it. outcomes: [[no, state, provider_id, error, closes], …],
-- where closes is the state that the vendor gives the address; null leaves it open.
CREATE VIEW IF NOT EXISTS wave_end (account_no, lease, at, outcomes, failures, rests_until, paused_because, leased_until)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS wave_ended INSTEAD OF INSERT ON wave_end
BEGIN
  UPDATE touch_delivery SET
    state = CASE WHEN o.value ->> 1 = 'again' AND touch_delivery.no <= coalesce(
        (SELECT changed_after FROM channel_account WHERE no = NEW.account_no), touch_delivery.no)
      THEN 'unknown' ELSE o.value ->> 1 END,
    provider_id = coalesce(o.value ->> 2, provider_id), error = o.value ->> 3,
    settled_at = NEW.at
    FROM json_each(NEW.outcomes) AS o
    WHERE touch_delivery.no = o.value ->> 0 AND touch_delivery.state IN ('sending', 'unknown') AND touch_delivery.lease = NEW.lease;
  -- Of several reports the worst counts; the other columns are of the row that has the highest rank.
  UPDATE touch_delivery SET error = r.why, settled_at = max(r.at, touch_delivery.started_at), state = r.what
    FROM (
      SELECT o.value ->> 0 AS no, e.what AS what, e.why AS why, e.at AS at,
        max(CASE e.what WHEN 'bounced' THEN 3 WHEN 'failed' THEN 2 ELSE 1 END) AS rank
      FROM json_each(NEW.outcomes) AS o CROSS JOIN early_report AS e ON e.account_no = NEW.account_no AND e.provider_id = o.value ->> 2
      WHERE e.what IN ('delivered', 'failed', 'bounced') GROUP BY o.value ->> 0) AS r
    WHERE touch_delivery.no = r.no AND touch_delivery.state = 'accepted' AND touch_delivery.lease = NEW.lease;
  DELETE FROM early_report WHERE account_no = NEW.account_no
    AND provider_id IN (SELECT value ->> 2 FROM json_each(NEW.outcomes));
  -- With the attempts, so that no run that is killed keeps an address open that is none.
  -- An address is found by its digest: a plan by the primary key would walk all those of the programme.
  UPDATE contact SET state = c.state, updated_at = NEW.at, updated_by = 'vendor'
    FROM (
      SELECT k.programme_no AS programme_no, k.member_no AS member_no, k.channel AS channel, max(o.value ->> 4) AS state
      FROM json_each(NEW.outcomes) AS o CROSS JOIN touch_delivery AS d ON d.no = o.value ->> 0 AND d.lease = NEW.lease
      CROSS JOIN contact AS k INDEXED BY contact_digest ON k.programme_no = d.programme_no AND k.channel = d.channel AND k.digest = d.digest
      WHERE o.value ->> 4 IS NOT NULL AND k.state = 'open' GROUP BY k.programme_no, k.member_no, k.channel) AS c
    WHERE contact.programme_no = c.programme_no AND contact.member_no = c.member_no AND contact.channel = c.channel;
  UPDATE channel_account SET failures = NEW.failures, rests_until = NEW.rests_until,
    paused_because = coalesce(NEW.paused_because, paused_because),
    paused_at = CASE WHEN NEW.paused_because IS NULL THEN paused_at ELSE coalesce(paused_at, NEW.at) END,
    leased_until = NEW.leased_until
    WHERE no = NEW.account_no AND lease = NEW.lease;
  -- Marketing has a day to see to it, by one task at a time (see the file of tasks).
  INSERT INTO task (no, programme_no, account_no, source, to_kind, to_name, title, text, made_at, due_at, state)
    SELECT 1 + coalesce((SELECT max(no) FROM task), 0), a.programme_no, a.no, a.id, 'role', 'marketing', '{}',
      json_object('en', NEW.paused_because), NEW.at, NEW.at + 86400000, 'open'
    FROM channel_account AS a WHERE a.no = NEW.account_no AND a.lease = NEW.lease AND NEW.paused_because IS NOT NULL
    ON CONFLICT DO NOTHING;
END
-- then
-- The command table of reports: [[provider_id, touch_no, what, why, at], …], where one of the two names
-- the message. Only what is not settled for good changes.
CREATE VIEW IF NOT EXISTS report_write (account_no, at, reports) AS SELECT NULL, NULL, NULL
-- then
CREATE TRIGGER IF NOT EXISTS report_written INSTEAD OF INSERT ON report_write
BEGIN
  INSERT INTO early_report (account_no, provider_id, what, why, at)
    SELECT NEW.account_no, value ->> 0, value ->> 2, value ->> 3, coalesce(value ->> 4, NEW.at) FROM json_each(NEW.reports)
    WHERE value ->> 0 IS NOT NULL AND value ->> 2 IN ('delivered', 'failed', 'bounced')
    AND NOT EXISTS (SELECT 1 FROM touch_delivery AS d WHERE d.account_no = NEW.account_no AND d.provider_id = value ->> 0)
    -- By the touch: an account has millions of attempts.
    AND NOT EXISTS (SELECT 1 FROM touch_delivery AS d WHERE d.touch_no = value ->> 1 AND +d.account_no = NEW.account_no)
    ON CONFLICT DO NOTHING;
  -- Of several reports the worst counts; the other columns are of the row that has the highest rank. All
  -- attempts of a touch have one id of ours, and are one message: the last one that the vendor may have
  -- stands for it. Where that did not arrive, those before it have failed.
  UPDATE touch_delivery SET settled_at = max(r.at, touch_delivery.started_at), error = r.why,
    provider_id = coalesce(touch_delivery.provider_id, r.provider_id),
    state = iif(r.is_last, r.what, 'failed')
    FROM (
      SELECT no, what, why, at, provider_id, is_last, max(CASE what WHEN 'bounced' THEN 3 WHEN 'failed' THEN 2 ELSE 1 END) AS rank
      FROM (
        SELECT d.no AS no, r.value ->> 0 AS provider_id, r.value ->> 2 AS what, r.value ->> 3 AS why, coalesce(r.value ->> 4, NEW.at) AS at,
          1 AS is_last
        FROM channel_account AS a CROSS JOIN json_each(NEW.reports) AS r
        CROSS JOIN touch_delivery AS d ON d.account_no = a.no AND d.provider_id = r.value ->> 0
        WHERE a.no = NEW.account_no AND d.programme_no = a.programme_no
        UNION ALL
        SELECT d.no, r.value ->> 0, r.value ->> 2, r.value ->> 3, coalesce(r.value ->> 4, NEW.at),
          NOT EXISTS (
            SELECT 1 FROM touch_delivery AS l WHERE l.touch_no = d.touch_no AND l.channel = d.channel AND l.attempt > d.attempt
            AND +l.account_no = a.no AND l.state NOT IN ('retry', 'failed'))
        FROM channel_account AS a CROSS JOIN json_each(NEW.reports) AS r
        CROSS JOIN touch_delivery AS d ON d.touch_no = r.value ->> 1 AND d.channel = a.channel
        WHERE a.no = NEW.account_no AND d.account_no = a.no AND d.programme_no = a.programme_no)
      WHERE what IN ('failed', 'bounced') OR (what = 'delivered' AND is_last) GROUP BY no) AS r
    WHERE touch_delivery.no = r.no AND (touch_delivery.state IN ('sending', 'again', 'accepted', 'unknown')
      OR (touch_delivery.state = 'delivered' AND r.what = 'bounced' AND r.is_last));
END
