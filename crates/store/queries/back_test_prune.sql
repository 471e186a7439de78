-- Of the back-tests of programme ?1 the newest ?2 are kept.
DELETE FROM back_test WHERE programme_no = ?1
  AND id < (SELECT id FROM back_test WHERE programme_no = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2 - 1)
