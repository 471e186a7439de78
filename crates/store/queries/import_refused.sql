-- Rows of import ?2 of programme ?1 after line ?3 that were refused, at most ?4.
SELECT line, member, outcome FROM import_row
WHERE programme_no = ?1 AND import_id = ?2 AND line > ?3 AND outcome <> 'written' ORDER BY line LIMIT (SELECT ?4)
