-- Back-test ?2 of programme ?1.
SELECT id, asked, rulebook, version, since, until, position, last, done, found FROM back_test WHERE programme_no = ?1 AND id = ?2
