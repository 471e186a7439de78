-- ?1 programme number, ?2 person as it is compared, ?3 prefix, ?4 hash (hexadecimal), ?5 line, ?6 role, ?7 stores (a JSON list) or
-- null, ?8 now, ?9 end unless it is used, ?10 end, ?11 password that was compared, ?12 step of the
-- one-time code, ?13 hash of the recovery code, ?14 session that it follows, ?15 address whose
-- attempt it was, each or null, ?16 who. Returns a row when it has begun.
INSERT INTO session_start VALUES (?1, ?2, ?3, unhex(?4), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) RETURNING prefix
