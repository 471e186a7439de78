-- Takes the lease ?3 of endpoint ?2 of programme ?1 at ?4 for ?5 milliseconds, unless it is taken,
-- paused (for at most ?6) or disabled.
UPDATE endpoint SET lease = ?3, leased_until = ?4 + ?5
WHERE programme_no = ?1 AND id = ?2 AND disabled_at IS NULL
AND (leased_until <= ?4 OR leased_until > ?4 + ?5) AND (retry_at <= ?4 OR retry_at > ?4 + ?6)
RETURNING url, secret, kinds,
  (SELECT position FROM endpoint_position WHERE programme_no = ?1 AND endpoint_id = ?2 AND stream = 0), failures,
  coalesce((SELECT max(no) FROM entry), 0),
  CASE WHEN secret_before_until > ?4 THEN secret_before END,
  (SELECT rulebook_version FROM programme WHERE no = ?1)
