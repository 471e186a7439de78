-- Drops draft ?2 of programme ?1, as ?3 wants; returns its name when there was one.
INSERT INTO draft_removal VALUES (?1, ?2, ?3) RETURNING name
