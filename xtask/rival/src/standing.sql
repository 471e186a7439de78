-- No row when the key is not in use, and nulls when there is no such member.
SELECT m.sequence, m.balance
FROM api_key k LEFT JOIN member m ON m.member_id = $2
WHERE k.digest = $1 AND k.revoked_at IS NULL
