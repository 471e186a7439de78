-- Counts a try at the code ?3 of member ?2 of programme ?1 at ?4, while it counts and fewer than ?5 were
-- made. Its digest and points, and which try it is.
UPDATE verification SET tries = tries + 1
WHERE programme_no = ?1 AND member_no = ?2 AND id = ?3 AND until > ?4 AND tries < ?5
RETURNING digest, points, tries
