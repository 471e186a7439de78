-- Lets key ?2 of programme ?1, which waits, count from now on, approved of by ?3, who ?4; or from
-- when on its person, who is suspended, is restored.
UPDATE api_key AS k
SET waits = coalesce((SELECT 2 FROM person AS p WHERE p.programme_no = k.programme_no AND p.folded = k.person_folded AND p.suspended = 1), 0),
  approved_by = ?3, who = ?4
WHERE programme_no = ?1 AND prefix = ?2 AND waits = 1 AND revoked_at IS NULL RETURNING prefix
