-- Makes a set or changes it: programme ?1, family ?2, name ?3, kind ?4, document ?5, condition ?6,
-- refresh ?7, days ?8, exclusive ?9, when ?10, by ?11. Its version grows with what decides. What
-- is refreshed at other times from now on is evaluated once more. Nothing is written where it would be
-- one more than ?12 of its family. Its number.
INSERT INTO member_set (programme_no, family, name, kind, document, condition, refresh, lives_days, is_exclusive, version, updated_at, updated_by)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11
WHERE (SELECT count(*) FROM member_set WHERE programme_no = ?1 AND family = ?2 AND is_removed = 0 AND name <> ?3) < ?12
ON CONFLICT (programme_no, family, name) WHERE is_removed = 0 DO UPDATE SET
  kind = excluded.kind, document = excluded.document, condition = excluded.condition, refresh = excluded.refresh,
  lives_days = excluded.lives_days, is_exclusive = excluded.is_exclusive,
  version = version + CASE WHEN kind IS excluded.kind AND condition IS excluded.condition AND lives_days IS excluded.lives_days
    AND is_exclusive IS excluded.is_exclusive THEN 0 ELSE 1 END,
  evaluated_version = CASE WHEN refresh IS excluded.refresh OR excluded.refresh = 'manual' THEN evaluated_version ELSE 0 END,
  updated_at = excluded.updated_at, updated_by = excluded.updated_by
RETURNING no
