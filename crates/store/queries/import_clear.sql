-- Import ?2 of programme ?1 comes to nothing: its rows say who somebody is, and go.
DELETE FROM import_row WHERE programme_no = ?1 AND import_id = ?2
  AND EXISTS (SELECT 1 FROM import WHERE programme_no = ?1 AND id = ?2 AND state IN ('rejected', 'withdrawn'))
