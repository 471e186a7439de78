-- Pauses the account ?2 of programme ?1 because of ?3 at ?4, or with null lets it send again.
UPDATE channel_account SET paused_because = ?3, paused_at = CASE WHEN ?3 IS NULL THEN NULL ELSE ?4 END,
  failures = 0, rests_until = 0
WHERE programme_no = ?1 AND id = ?2 RETURNING no
