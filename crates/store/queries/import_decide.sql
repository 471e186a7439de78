-- Import ?2 of programme ?1 is in the state ?3 with the approvals ?4: it gets the approvals ?5 and
-- the state ?6, for the reason ?7, who ?8. Returns its id when it was so.
UPDATE import SET approvals = ?5, state = ?6, reason = coalesce(?7, reason), who = ?8
WHERE programme_no = ?1 AND id = ?2 AND state = ?3 AND approvals = ?4
RETURNING id
