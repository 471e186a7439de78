-- Tasks: what people are asked to do about a member, or about an account at a vendor. As in the first
-- file, nothing here names a table of the ledger.

CREATE TABLE IF NOT EXISTS task (
  no INTEGER PRIMARY KEY,
  programme_no INTEGER NOT NULL,
  -- What asks for it: a touch, which does so once, or an account of a channel. The other one is null.
  touch_no INTEGER UNIQUE,
  account_no INTEGER,
  -- The strategy's id, or the account's.
  source TEXT NOT NULL,
  -- Null for an account, and once the person is erased.
  member_no INTEGER,
  -- The staff or software that is asked: store (the staff of the member's home store), role, person,
  -- software; and which role or person.
  to_kind TEXT NOT NULL,
  to_name TEXT NOT NULL,
  -- JSON: names in both languages. Of an account "text" is the vendor's reason.
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  -- open, done, dismissed; erased: nothing is left but the number, so that none is given again.
  state TEXT NOT NULL,
  note TEXT,
  closed_at INTEGER,
  closed_by TEXT,
  -- Which request closed it: its idempotency key, with the line of API keys in front.
  closed_key TEXT
) STRICT
-- then
CREATE INDEX IF NOT EXISTS task_all ON task (programme_no, no)
-- then
CREATE INDEX IF NOT EXISTS task_open ON task (programme_no, no) WHERE state = 'open'
-- then
CREATE INDEX IF NOT EXISTS task_member ON task (member_no, no) WHERE member_no IS NOT NULL
-- then
-- An account has one task at a time.
CREATE UNIQUE INDEX IF NOT EXISTS task_account ON task (account_no) WHERE account_no IS NOT NULL AND state = 'open'
-- then
CREATE TRIGGER IF NOT EXISTS task_of_the_departed BEFORE INSERT ON task
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
-- Tasks of an account that became part of another one go there. Of an erased member nothing is
-- left.
CREATE TRIGGER IF NOT EXISTS departed_takes_tasks_along AFTER INSERT ON departed
BEGIN
  UPDATE task SET member_no = NEW.into_no
    WHERE member_no = NEW.member_no AND programme_no = NEW.programme_no AND NEW.into_no IS NOT NULL;
  UPDATE task SET member_no = NULL, touch_no = NULL, title = '{}', text = '{}', state = 'erased', note = NULL, to_name = '',
    closed_by = NULL, closed_key = NULL
    WHERE member_no = NEW.member_no AND programme_no = NEW.programme_no AND NEW.into_no IS NULL;
END
