-- Where job ?2 of programme ?1 goes on.
SELECT position FROM job WHERE programme_no = ?1 AND name = ?2
