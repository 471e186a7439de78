-- Session ?1 is of whom provider ?2 calls ?3; ?4 now, ?5 who. Returns a row when it was linked.
INSERT INTO identity_link VALUES (?1, ?2, ?3, ?4, ?5) RETURNING session
