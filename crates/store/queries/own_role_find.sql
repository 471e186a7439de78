-- Own role ?2 of programme ?1.
SELECT id, name_zh, name_en, base, permissions, wanted, wanted_by FROM own_role WHERE programme_no = ?1 AND id = ?2
