-- Rows of import ?2 of programme ?1 that have no outcome yet, at most ?3.
SELECT line, row FROM import_row WHERE programme_no = ?1 AND import_id = ?2 AND outcome IS NULL ORDER BY line LIMIT (SELECT ?3)
