-- What was set up counts from now on: ?1 session, ?2 now, ?3 its sealed secret, ?4 step of its first code, ?5 hashes of recovery
-- codes (a JSON list), ?6 who. Returns a row when it does.
INSERT INTO code_confirmation VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING session
