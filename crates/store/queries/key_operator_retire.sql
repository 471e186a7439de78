-- Retires every operator key but the one with prefix ?1, at ?2.
UPDATE api_key SET revoked_at = ?2 WHERE operator = 1 AND prefix <> ?1 AND revoked_at IS NULL
