-- Registers store ?2 of programme ?1 with name ?3, region ?4, department ?5, manager ?6, days ?7 and ?8
-- at ?9 by ?10, who ?11, or changes it. The same again changes nothing. Returns when it was changed.
INSERT INTO store (programme_no, id, name, region, department, manager, opened_on, closed_on, updated_at, updated_by, who)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (programme_no, id) DO UPDATE SET name = excluded.name, region = excluded.region, department = excluded.department,
  manager = excluded.manager, opened_on = excluded.opened_on, closed_on = excluded.closed_on, updated_at = excluded.updated_at,
  updated_by = excluded.updated_by, who = excluded.who
WHERE (name, region, department, manager, opened_on, closed_on)
  IS NOT (excluded.name, excluded.region, excluded.department, excluded.manager, excluded.opened_on, excluded.closed_on)
RETURNING updated_at
