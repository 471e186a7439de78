-- Retires QR key ?2 of programme ?1 at ?3 by ?4, who ?6. Where ?5 is no null, somebody else may have had it since then; the
-- earliest such instant stays. What is retired so already is left as it is. Returns the key when the programme has it.
UPDATE qr_key SET retired_at = coalesce(retired_at, ?3), retired_by = coalesce(retired_by, ?4),
  leaked_at = CASE WHEN leaked_at <= ?5 OR ?5 IS NULL THEN leaked_at ELSE ?5 END, who = ?6
WHERE programme_no = ?1 AND kid = ?2
AND (retired_at IS NULL OR (?5 IS NOT NULL AND (leaked_at IS NULL OR leaked_at > ?5)))
RETURNING kid
