-- Rows of import ?2 of programme ?1 have come to something: ?3 is a JSON list of line, outcome.
UPDATE import_row SET outcome = came.value ->> 1, row = NULL FROM json_each(?3) AS came
WHERE programme_no = ?1 AND import_id = ?2 AND line = came.value ->> 0 AND outcome IS NULL
