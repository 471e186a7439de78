-- Takes store ?2 of programme ?1 out of the registry, who ?3; returns its id when it was there.
INSERT INTO store_removal (programme_no, id, who) VALUES (?1, ?2, ?3) RETURNING id
