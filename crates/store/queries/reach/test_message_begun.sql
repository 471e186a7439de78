-- A test of programme ?1 with key ?2.
SELECT no FROM test_message WHERE programme_no = ?1 AND key = ?2
