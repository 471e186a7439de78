-- Removes own role ?2 of programme ?1 at ?3, who ?4, where nobody has it. Returns its id when it was removed.
INSERT INTO own_role_removal (programme_no, id, at, who) VALUES (?1, ?2, ?3, ?4) RETURNING id
