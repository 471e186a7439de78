-- Sets of programme ?1 and family ?2 with names after ?3, in order, at most ?4: columns as in
-- set_get.
SELECT no, family, name, kind, document, condition, refresh, lives_days, is_exclusive, version, members, evaluated_version, evaluated_day,
  updated_at, updated_by, copied
FROM member_set WHERE programme_no = ?1 AND family = ?2 AND name > ?3 AND is_removed = 0
ORDER BY name LIMIT (SELECT ?4)
