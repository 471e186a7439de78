-- Back-tests of programme ?1 before id ?2, newest first, at most ?3.
SELECT id, asked, '', version, since, until, position, last, done, found FROM back_test
WHERE programme_no = ?1 AND id < ?2 ORDER BY id DESC LIMIT (SELECT ?3)
