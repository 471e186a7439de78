-- What an instance looks for when it starts. Fails where nothing was migrated yet.
SELECT
  (SELECT coalesce(max(number), 0) FROM migration),
  EXISTS (SELECT 1 FROM programme),
  (SELECT json_group_array(json_array(prefix, lower(hex(hash)))) FROM api_key WHERE operator = 1 AND revoked_at IS NULL),
  (SELECT value FROM secret WHERE name = ?1)
