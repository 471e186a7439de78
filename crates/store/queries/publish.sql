-- ?1 programme id, ?2 name, ?3 version it has now (0: none), ?4 document, ?5 its digest, ?6 now, ?7
-- by whom, ?8 whether it asks for what is told about members, ?9 its budgets (a JSON list) or null,
-- ?10 who, ?11 how many homes a new programme has. Returns nothing when the version is another.
INSERT INTO publication VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING programme_id
