-- Own roles of programme ?1 after ?2, at most ?3.
SELECT id, name_zh, name_en, base, permissions, wanted, wanted_by FROM own_role
WHERE programme_no = ?1 AND id > ?2 ORDER BY id LIMIT (SELECT ?3)
