-- ?1 programme number, ?2 person as it is compared, ?3 roles that were read, ?4 prefix, ?5 hash (hexadecimal), ?6 line, ?7 role,
-- ?18 own role or null, ?8 stores (a JSON list) or null, ?9 now, ?10 end unless it is used, ?11 end, ?12 password and ?22 sealed secret of
-- codes (null for none) that were compared, ?13 step of the one-time code, ?14 hash of the recovery code, ?15 session that it
-- follows, ?16 what it was no failure of, each or null, ?17 who,
-- ?19 1 with a one-time code, ?20 provider and ?21 subject or null. Returns a row when it has begun.
INSERT INTO session_start VALUES (?1, ?2, ?3, ?4, unhex(?5), ?6, ?7, ?18, ?8, ?9, ?10, ?11, ?12, ?22, ?13, ?14, ?15, ?16, ?17, ?19, ?20, ?21) RETURNING prefix
