-- The invitation with hash ?1 (hexadecimal) is accepted at ?2 by whom provider ?3 calls ?4; ?5 who. Returns a row when it was.
INSERT INTO identity_acceptance VALUES (unhex(?1), ?2, ?3, ?4, ?5) RETURNING 1
