-- Makes an account of programme ?1 or changes it: id ?2, vendor ?3, channel ?4, settings ?5, sealed
-- secrets ?6 or null for those that it has, rank ?7, per second ?8, burst ?9, when ?10, by ?11, cost of a
-- message ?13. Then it sends again. Nothing is written where it would be one more than ?12, or where it has no secrets: it is
-- new, of another vendor, or sends its requests to another place than before. Its number.
-- Another vendor does not report to the address that the one before knows.
-- A new account's number is above all that were ever sent by, so that attempts name one account for good.
INSERT INTO channel_account (no, programme_no, id, vendor, channel, settings, secrets, rank, per_second, burst, left_milli, left_at, updated_at, updated_by,
  message_cost_minor)
SELECT 1 + max(coalesce((SELECT max(no) FROM channel_account), 0), coalesce((SELECT max(account_no) FROM touch_delivery), 0),
    coalesce((SELECT max(account_no) FROM early_report), 0)),
  ?1, ?2, ?3, ?4, ?5, coalesce(?6, (SELECT secrets FROM channel_account WHERE programme_no = ?1 AND id = ?2 AND vendor = ?3)),
  ?7, ?8, ?9, ?9 * 1000, ?10, ?10, ?11, ?13
WHERE (SELECT count(*) FROM channel_account WHERE programme_no = ?1 AND id <> ?2) < ?12
AND (?6 IS NOT NULL OR EXISTS (
  SELECT 1 FROM channel_account WHERE programme_no = ?1 AND id = ?2 AND vendor = ?3
  AND settings ->> 'base_url' IS ?5 ->> 'base_url' AND settings ->> 'token_url' IS ?5 ->> 'token_url'
  AND settings ->> 'url' IS ?5 ->> 'url' AND settings ->> 'region' IS ?5 ->> 'region'))
ON CONFLICT (programme_no, id) DO UPDATE SET vendor = excluded.vendor, channel = excluded.channel, settings = excluded.settings,
  secrets = excluded.secrets, rank = excluded.rank, per_second = excluded.per_second, burst = excluded.burst,
  left_milli = min(left_milli, excluded.burst * 1000), paused_because = NULL, paused_at = NULL, failures = 0, rests_until = 0,
  callback_digest = iif(vendor = excluded.vendor, callback_digest, NULL),
  callback_secret = iif(vendor = excluded.vendor, callback_secret, NULL),
  updated_at = excluded.updated_at, updated_by = excluded.updated_by, message_cost_minor = excluded.message_cost_minor
RETURNING no
