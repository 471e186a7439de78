-- Rows of import ?2 of programme ?1 have come to something: ?3 is a JSON list of line, outcome.
UPDATE import_row SET outcome = (SELECT came.value ->> 1 FROM json_each(?3) AS came WHERE came.value ->> 0 = import_row.line), row = NULL
WHERE programme_no = ?1 AND import_id = ?2 AND line IN (SELECT value ->> 0 FROM json_each(?3)) AND outcome IS NULL
