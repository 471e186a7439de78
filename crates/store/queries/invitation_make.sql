-- ?1 programme number, ?2 person as it is compared, ?3 id, ?4 name, ?5 language, ?6 roles, ?7 hash of the token (hexadecimal),
-- ?8 now, ?9 end, ?10 by whom, ?11 whether it waits, ?12 who. Without a name the person must be
-- known; with one, must have no password. Returns a row when it was made.
INSERT INTO invitation_wish VALUES (?1, ?2, ?3, ?4, ?5, ?6, unhex(?7), ?8, ?9, ?10, ?11, ?12) RETURNING folded
