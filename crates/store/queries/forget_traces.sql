-- Of the ?3 oldest traces of programme ?1 those go whose entries were recorded before ?2. Returns a
-- row for each.
DELETE FROM trace WHERE entry_no IN
  (SELECT t.entry_no FROM
    (SELECT entry_no FROM trace WHERE programme_no = ?1 ORDER BY entry_no LIMIT (SELECT ?3)) AS t
    CROSS JOIN entry AS e ON e.no = t.entry_no
  WHERE e.recorded_at < ?2)
RETURNING 1
