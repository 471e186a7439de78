-- What waits of person ?2 of programme ?1 counts from now on: roles ?4, where they have ?3; who ?5.
INSERT INTO person_approval VALUES (?1, ?2, ?3, ?4, ?5) RETURNING folded
