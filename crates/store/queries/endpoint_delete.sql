-- Removes endpoint ?2 of programme ?1, with its parked events.
DELETE FROM endpoint WHERE programme_no = ?1 AND id = ?2 RETURNING id
