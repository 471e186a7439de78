-- Counts a test of programme ?1 at ?2 with key ?4, unless there were ?3 in the day before, or one with that
-- key. How many it is.
INSERT INTO test_message (programme_no, at, key)
SELECT ?1, ?2, ?4 WHERE (SELECT count(*) FROM test_message WHERE programme_no = ?1 AND at > ?2 - 86400000) < ?3
ON CONFLICT (programme_no, key) DO NOTHING
RETURNING no
