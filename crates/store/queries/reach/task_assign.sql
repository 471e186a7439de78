-- Gives the open task ?2 of programme ?1 to ?3 and ?4.
UPDATE task SET to_kind = ?3, to_name = ?4 WHERE no = ?2 AND programme_no = +?1 AND state = 'open' RETURNING no
