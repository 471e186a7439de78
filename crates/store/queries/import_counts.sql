-- How many rows of import ?2 of programme ?1 are left, were written, were refused.
SELECT count(*) FILTER (WHERE outcome IS NULL), count(*) FILTER (WHERE outcome = 'written'),
  count(*) FILTER (WHERE outcome <> 'written')
FROM import_row WHERE programme_no = ?1 AND import_id = ?2
