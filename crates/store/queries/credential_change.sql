-- A person changes what they prove themselves by: ?1 session, ?2 now, ?3 password and ?11 sealed secret of codes (null for none) that were
-- compared, ?4 step of the one-time code, ?5 hash of the recovery code, each of these two or null; ?6 password, ?7 hashes of recovery codes
-- (a JSON list), ?8 sealed secret of codes that is set up, each or null for none; ?9 what it was no failure of or null, ?10 who. Returns
-- a row when it has changed.
INSERT INTO credential_change VALUES (?1, ?2, ?3, ?11, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING session
