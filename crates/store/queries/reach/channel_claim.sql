-- Takes the lease ?2 of account ?1 at ?3 until ?4, unless it is taken, paused or rests. A lease that ends
-- later than two leases from now, and a rest of more than a day, are of a clock that was ahead: over. This is its turn.
UPDATE channel_account SET lease = ?2, leased_until = ?4, turn = 1 + (SELECT max(turn) FROM channel_account)
WHERE no = ?1 AND paused_because IS NULL AND rests_until NOT BETWEEN ?3 + 1 AND ?3 + 86400000
AND leased_until NOT BETWEEN ?3 + 1 AND ?4 + (?4 - ?3)
RETURNING no, programme_no, id, vendor, channel, settings, secrets, rank, per_second, burst, callback_digest IS NOT NULL,
  paused_because, paused_at, failures, rests_until, updated_at, updated_by, message_cost_minor, left_milli, left_at, callback_secret
