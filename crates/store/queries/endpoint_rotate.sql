-- Gives endpoint ?2 of programme ?1 the secret ?3; the one before goes on until ?4. A run that
-- signs with the one before loses its lease.
UPDATE endpoint SET secret_before = secret, secret_before_until = ?4, secret = ?3, lease = lease || ' rotated', leased_until = 0
WHERE programme_no = ?1 AND id = ?2 RETURNING id
