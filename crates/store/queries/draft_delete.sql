-- Drops draft ?3 of document ?2 of programme ?1, as ?4 wants; returns its name when there was one.
INSERT INTO draft_removal VALUES (?1, ?2, ?3, ?4) RETURNING name
