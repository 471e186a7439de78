-- Finding what is older than it is kept.

CREATE INDEX IF NOT EXISTS refusal_age ON refusal (programme_no, recorded_at)
-- then
CREATE INDEX IF NOT EXISTS receipt_age ON receipt (programme_no, recorded_at)
-- then
CREATE INDEX IF NOT EXISTS trace_entry ON trace (programme_no, entry_no)
