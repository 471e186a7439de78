-- How far the days of programme ?1 are decided.
SELECT decided_through, day, position FROM touch_run WHERE programme_no = ?1
