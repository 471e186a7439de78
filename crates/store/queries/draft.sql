-- Draft ?2 of programme ?1.
SELECT name, updated_at, updated_by, document, rulebook FROM draft WHERE programme_no = ?1 AND name = ?2
