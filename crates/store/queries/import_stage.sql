-- Keeps rows of import ?2 of programme ?1 while it is staged: ?3 is a JSON list of line, member,
-- row. Rows that are there stay.
INSERT INTO import_row (programme_no, import_id, line, member, row)
SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?3)
WHERE EXISTS (SELECT 1 FROM import WHERE programme_no = ?1 AND id = ?2 AND state = 'staging')
ON CONFLICT (programme_no, import_id, line) DO NOTHING
