-- Removes the set of family ?2 and name ?3 of programme ?1. Its members leave later, piece by piece.
UPDATE member_set SET is_removed = 1 WHERE programme_no = ?1 AND family = ?2 AND name = ?3 AND is_removed = 0 RETURNING no
