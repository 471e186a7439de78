-- Lets key ?2 of programme ?1, which waits, count from now on, approved of by ?3, who ?4.
UPDATE api_key SET waits = 0, approved_by = ?3, who = ?4 WHERE programme_no = ?1 AND prefix = ?2 AND waits = 1 AND revoked_at IS NULL RETURNING prefix
