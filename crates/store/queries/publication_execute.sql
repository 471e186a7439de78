-- Publishes planned publication ?2 of programme ?1 at ?3, or finds it superseded. Returns nothing
-- when there is none.
INSERT INTO planned_publication VALUES (?1, ?2, ?3) RETURNING id
