-- Own role ?2 of programme ?1 gets names ?3 (Chinese) and ?4 (English), permissions ?6, wanted ones ?7 by ?8 (lists are JSON; null for
-- none), where it is based on ?5 and has permissions ?9 and wanted ones ?10 so far; ?11 who. Returns its id, or nothing when it is another
-- one or gone.
UPDATE own_role SET name_zh = ?3, name_en = ?4, permissions = ?6, wanted = ?7, wanted_by = ?8, who = ?11
WHERE programme_no = ?1 AND id = ?2 AND base = ?5 AND permissions = ?9 AND wanted IS ?10
RETURNING id
