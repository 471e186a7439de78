-- Import ?2 of programme ?1 is done when all its rows have an outcome.
UPDATE import SET state = 'done' WHERE programme_no = ?1 AND id = ?2 AND state = 'approved'
  AND NOT EXISTS (SELECT 1 FROM import_row WHERE programme_no = ?1 AND import_id = ?2 AND outcome IS NULL)
