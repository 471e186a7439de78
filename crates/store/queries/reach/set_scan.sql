-- The walk over the members of programme ?1 that is under way.
SELECT day, sets, counts, position FROM set_scan WHERE programme_no = ?1
