-- Own role ?2 of programme ?1 with names ?3 (Chinese) and ?4 (English), base ?5 and permissions ?6 (a JSON list), who ?7, where there is
-- none of that id and no person names it. Returns its id.
INSERT INTO own_role (programme_no, id, name_zh, name_en, base, permissions, who)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM person AS p, json_each(p.roles) AS g WHERE p.programme_no = ?1 AND g.value ->> 'role' = ?2)
ON CONFLICT DO NOTHING
RETURNING id
