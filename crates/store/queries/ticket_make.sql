-- Session ?1 has proved whose it is, and may be linked: ?2 hash of the ticket (hexadecimal), ?3 now, ?4 end, ?5 password and ?10 sealed secret
-- of codes (null for none) that were compared, ?6 step of the one-time code, ?7 hash of the recovery code, each of these two or null;
-- ?8 what it was no failure of or null, ?9 who. Returns a row when it counts.
INSERT INTO ticket_wish VALUES (?1, unhex(?2), ?3, ?4, ?5, ?10, ?6, ?7, ?8, ?9) RETURNING session
