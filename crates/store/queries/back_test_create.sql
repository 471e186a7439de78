-- Begins back-test ?2 of programme ?1: asked ?3, rulebook ?4 against version ?5, from ?6 to ?7,
-- members after number ?8 and up to ?9.
INSERT INTO back_test (programme_no, id, asked, rulebook, version, since, until, position, last, found)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
