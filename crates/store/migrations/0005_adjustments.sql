-- Requests for adjustments: found by their id, by what decided on them, and, while they are open, in their members' state
-- (requests: [[entry id, adjustment], …], the adjustment as in the body of an entry).

DROP INDEX IF EXISTS entry_named
-- then
CREATE UNIQUE INDEX IF NOT EXISTS entry_named_2 ON entry (programme_no, id) WHERE kind IN ('hold', 'capture', 'redeem', 'request')
-- then
DROP INDEX IF EXISTS entry_corrects
-- then
CREATE INDEX IF NOT EXISTS entry_corrects_2 ON entry (programme_no, json_extract(body, '$.corrects'))
  WHERE kind IN ('capture', 'release', 'reverse', 'approve', 'reject', 'withdraw', 'lapse', 'adjust')
-- then
CREATE INDEX IF NOT EXISTS member_state ON member (programme_no, no) WHERE state IS NOT NULL
