-- Idempotency keys belong to who uses them: an API key and its successors. Rows from before bear the bare key and still answer a true repetition.

-- The first key of the line that this one continues; null is the key itself.
ALTER TABLE api_key ADD COLUMN lineage TEXT
-- then
UPDATE api_key SET lineage = 'operator' WHERE operator = 1 AND lineage IS NULL
-- then
-- 1 where rows may bear bare keys.
ALTER TABLE programme ADD COLUMN shared_keys INTEGER NOT NULL DEFAULT 0
-- then
UPDATE programme SET shared_keys = 1
-- then
-- What makes digests of this database: so that what was erased cannot be guessed from them.
CREATE TABLE IF NOT EXISTS secret (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID
