-- The set of family ?2 and name ?3 of programme ?1.
SELECT no, family, name, kind, document, condition, refresh, lives_days, is_exclusive, version, members, evaluated_version, evaluated_day,
  updated_at, updated_by, copied
FROM member_set WHERE programme_no = ?1 AND family = ?2 AND name = ?3 AND is_removed = 0
