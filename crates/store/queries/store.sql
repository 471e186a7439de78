-- Store ?2 of programme ?1.
SELECT id, name, region, department, manager, opened_on, closed_on, updated_at, updated_by
FROM store WHERE programme_no = ?1 AND id = ?2
