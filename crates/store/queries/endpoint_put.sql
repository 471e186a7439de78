-- Creates endpoint ?2 of programme ?1 (url ?3, kinds ?4 or null for all, fresh secret ?6 unless ?5
-- is given, lease ?7, now ?8; a secret that is replaced goes on until ?9; who ?10), from the next
-- entry on; or changes it, which also enables it again and takes the lease from a run that still
-- sends to the old URL. The lease tells which of both happened.
INSERT INTO endpoint (programme_no, id, url, kinds, secret, lease, created_at, who)
VALUES (?1, ?2, ?3, ?4, coalesce(?5, ?6), ?7, ?8, ?10)
ON CONFLICT (programme_no, id) DO UPDATE SET url = excluded.url, kinds = excluded.kinds, secret = coalesce(?5, secret),
  secret_before = CASE WHEN ?5 IS NULL OR ?5 = secret THEN secret_before ELSE secret END,
  secret_before_until = CASE WHEN ?5 IS NULL OR ?5 = secret THEN secret_before_until ELSE ?9 END,
  lease = excluded.lease || ' changed', leased_until = 0, disabled_at = NULL, disabled_because = NULL, failures = 0, retry_at = 0,
  who = excluded.who
RETURNING secret, lease
