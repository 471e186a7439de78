-- The number of member ?2 of programme ?1.
SELECT no FROM member WHERE programme_no = ?1 AND id = ?2
