-- The secret that an endpoint had before goes on for a while beside the new one.

ALTER TABLE endpoint ADD COLUMN secret_before TEXT
-- then
ALTER TABLE endpoint ADD COLUMN secret_before_until INTEGER
