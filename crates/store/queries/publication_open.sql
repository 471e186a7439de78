-- How many publications of programme ?1 are waiting or planned.
SELECT count(*) FROM publication_standing WHERE programme_no = ?1 AND state IN ('waiting', 'planned')
