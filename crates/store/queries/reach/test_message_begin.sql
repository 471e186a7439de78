-- Counts a test of programme ?1 at ?2, unless there were ?3 in the day before. How many it is.
INSERT INTO test_message (programme_no, at)
SELECT ?1, ?2 WHERE (SELECT count(*) FROM test_message WHERE programme_no = ?1 AND at > ?2 - 86400000) < ?3
RETURNING no
