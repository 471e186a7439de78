-- Own role ?2 of programme ?1 gets names ?3 (Chinese) and ?4 (English), permissions ?6, wanted ones ?7 by ?8 (lists are JSON; null for
-- none), where it is based on ?5 and has permissions ?9 and wanted ones ?10 so far; ?11 who. Returns its id, or nothing when it is another one.
INSERT INTO own_role (programme_no, id, name_zh, name_en, base, permissions, wanted, wanted_by, who)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?11)
ON CONFLICT (programme_no, id) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en, permissions = excluded.permissions,
  wanted = excluded.wanted, wanted_by = excluded.wanted_by, who = excluded.who
WHERE base = excluded.base AND permissions = ?9 AND wanted IS ?10
RETURNING id
