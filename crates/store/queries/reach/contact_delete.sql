-- Forgets where member ?2 of programme ?1 is reached by channel ?3.
DELETE FROM contact WHERE programme_no = ?1 AND member_no = ?2 AND channel = ?3 RETURNING 1
