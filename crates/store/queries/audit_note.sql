-- Notes action ?2 on ?3 in the log of programme ?1, done by ?4, with ?5.
INSERT INTO audit VALUES (?1, ?2, ?3, ?4, NULL, ?5)
