-- ?1 hash of the token (hexadecimal), ?2 now, ?3 password, ?4 step of the one-time code or null, ?5 hashes of recovery codes (a JSON
-- list), ?6 who. Returns a row when it was accepted.
INSERT INTO invitation_acceptance VALUES (unhex(?1), ?2, ?3, ?4, ?5, ?6) RETURNING 1
