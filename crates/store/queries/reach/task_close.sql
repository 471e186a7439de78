-- Closes the open task ?2 of programme ?1: state ?3, note ?4, when ?5, by ?6, under key ?7.
UPDATE task SET state = ?3, note = ?4, closed_at = ?5, closed_by = ?6, closed_key = ?7
WHERE no = ?2 AND programme_no = +?1 AND state = 'open' RETURNING no
