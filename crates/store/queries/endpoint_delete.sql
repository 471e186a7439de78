-- Removes endpoint ?2 of programme ?1, with its parked events, as ?3 wants.
INSERT INTO endpoint_removal VALUES (?1, ?2, ?3) RETURNING id
