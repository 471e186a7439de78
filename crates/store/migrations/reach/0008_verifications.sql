-- Codes that members were sent to show that it is they who spend. As in the first file, nothing here
-- names a table of the ledger.

CREATE TABLE IF NOT EXISTS verification (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  -- A keyed digest of the code, which stands nowhere.
  digest TEXT NOT NULL,
  -- For how many points it is asked.
  points INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  -- How often somebody typed in a code, right or wrong.
  tries INTEGER NOT NULL DEFAULT 0,
  confirmed_at INTEGER,
  PRIMARY KEY (programme_no, member_no, id)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS verification_of_member ON verification (programme_no, member_no, made_at)
-- then
CREATE INDEX IF NOT EXISTS verification_of_programme ON verification (programme_no, made_at)
-- then
CREATE INDEX IF NOT EXISTS verification_age ON verification (made_at)
-- then
CREATE TRIGGER IF NOT EXISTS verification_of_the_departed BEFORE INSERT ON verification
BEGIN
  SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM departed WHERE member_no = NEW.member_no);
END
-- then
-- A code of an account that is closed counts no more, also where another one took it in.
CREATE TRIGGER IF NOT EXISTS departed_leaves_no_verifications AFTER INSERT ON departed
BEGIN
  DELETE FROM verification WHERE programme_no = NEW.programme_no AND member_no = NEW.member_no;
END
