-- The number of the last change of a set of programme ?1.
SELECT coalesce(max(no), 0) FROM set_change WHERE programme_no = ?1
