-- Operator keys that count.
SELECT prefix, hash FROM api_key WHERE operator = 1 AND revoked_at IS NULL
