-- Removes the test address ?2 of programme ?1. Its id.
DELETE FROM test_address WHERE programme_no = ?1 AND id = ?2 RETURNING id
