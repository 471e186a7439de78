-- Import ?2 of programme ?1 waits with the approvals ?3: it gets the approvals ?4 and the state ?5, for the reason ?6, who ?7. Returns its id when it was so.
UPDATE import SET approvals = ?4, state = ?5, reason = coalesce(?6, reason), who = ?7
WHERE programme_no = ?1 AND id = ?2 AND state = 'waiting' AND approvals = ?3
RETURNING id
