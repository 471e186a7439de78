-- No row when the key is not in use; then nothing is earned.
SELECT earn($2, $3, $4, $5) FROM api_key WHERE digest = $1 AND revoked_at IS NULL
