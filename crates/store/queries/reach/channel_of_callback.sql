-- The account whose callback secret has the digest ?1.
SELECT no, programme_no, id, vendor, channel, settings, secrets, rank, per_second, burst, 1,
  paused_because, paused_at, failures, rests_until, updated_at, updated_by, message_cost_minor
FROM channel_account WHERE callback_digest = ?1
