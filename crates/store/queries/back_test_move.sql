-- Moves back-test ?2 of programme ?1 on from position ?3 to ?4 with what was found by then, ?5; ?6
-- is 1 when it is done. Returns its id, or nothing when somebody else has moved it on.
UPDATE back_test SET position = ?4, found = ?5, done = ?6 WHERE programme_no = ?1 AND id = ?2 AND position = ?3 AND done = 0
RETURNING id
