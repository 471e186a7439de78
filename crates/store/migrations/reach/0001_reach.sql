-- What is known of customers beyond points. Instants are milliseconds since 1970 (UTC). Members and
-- programmes go by the numbers that they have in the ledger, which may be in another file: no key
-- refers to it, and no statement joins the two. Table names differ from those of the ledger, as both may be in
-- one file. Statements are separated by lines that read "-- then".

-- ── Facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE IF NOT EXISTS facts (
  programme_no INTEGER NOT NULL,
  member_no INTEGER NOT NULL,
  -- When the next points end, and the tier; the last order and the last login.
  next_expiry_at INTEGER,
  tier_until INTEGER,
  last_order_at INTEGER,
  last_login_at INTEGER,
  -- All else, a JSON object: see reach/facts.rs.
  known TEXT NOT NULL,
  PRIMARY KEY (programme_no, member_no)
) STRICT, WITHOUT ROWID
-- then
CREATE INDEX IF NOT EXISTS facts_next_expiry ON facts (programme_no, next_expiry_at) WHERE next_expiry_at IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS facts_tier_end ON facts (programme_no, tier_until) WHERE tier_until IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS facts_last_order ON facts (programme_no, last_order_at) WHERE last_order_at IS NOT NULL
-- then
CREATE INDEX IF NOT EXISTS facts_last_login ON facts (programme_no, last_login_at) WHERE last_login_at IS NOT NULL
