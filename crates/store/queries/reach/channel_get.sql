-- The account ?2 of programme ?1.
SELECT no, programme_no, id, vendor, channel, settings, secrets, rank, per_second, burst, callback_digest IS NOT NULL,
  paused_because, paused_at, failures, rests_until, updated_at, updated_by, message_cost_minor
FROM channel_account WHERE programme_no = ?1 AND id = ?2
