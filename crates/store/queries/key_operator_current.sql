-- Operator keys that count.
SELECT prefix, lower(hex(hash)) FROM api_key WHERE operator = 1 AND revoked_at IS NULL
