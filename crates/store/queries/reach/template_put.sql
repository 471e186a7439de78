-- Makes a template or changes it: programme ?1, id ?2, document ?3, when ?4, by ?5, needs ?7. The same document
-- makes no version. Nothing is written where it would be one more than ?6, or than four times as many
-- with those that were removed, nor where its version is another than ?8: 0 for none, null for any. Its version.
INSERT INTO template (programme_no, id, document, needs, version, updated_at, updated_by)
SELECT ?1, ?2, ?3, ?7, 1, ?4, ?5
WHERE (SELECT count(*) FROM template WHERE programme_no = ?1 AND id <> ?2 AND is_removed = 0) < ?6
  AND (SELECT count(*) FROM template WHERE programme_no = ?1 AND id <> ?2) < 4 * ?6
  AND (?8 IS NULL OR ?8 = coalesce((SELECT version FROM template WHERE programme_no = ?1 AND id = ?2 AND is_removed = 0), 0))
ON CONFLICT (programme_no, id) DO UPDATE SET
  version = version + CASE WHEN document = excluded.document AND is_removed = 0 THEN 0 ELSE 1 END,
  document = excluded.document, needs = excluded.needs, updated_at = excluded.updated_at, updated_by = excluded.updated_by, is_removed = 0
RETURNING version
