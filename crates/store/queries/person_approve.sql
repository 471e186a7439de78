-- What waits of person ?2 of programme ?1 counts from now on: roles ?5, where they have ?3 and the
-- invitation with the hash ?4 (hexadecimal; null for none); who ?6.
INSERT INTO person_approval VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING folded
