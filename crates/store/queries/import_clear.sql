-- Import ?2 of programme ?1 comes to nothing: its rows that are not booked say who somebody is, and
-- go.
DELETE FROM import_row WHERE programme_no = ?1 AND import_id = ?2 AND outcome IS NULL
  AND EXISTS (SELECT 1 FROM import WHERE programme_no = ?1 AND id = ?2 AND state IN ('rejected', 'withdrawn'))
