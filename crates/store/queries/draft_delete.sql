-- Drops draft ?2 of programme ?1; returns its name when there was one.
DELETE FROM draft WHERE programme_no = ?1 AND name = ?2 RETURNING name
