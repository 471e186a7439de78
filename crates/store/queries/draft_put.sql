-- Keeps draft ?3 of document ?2 of programme ?1 with text ?4, at ?5 by ?6, as it is stored when it is
-- published ?7, who ?8, made from version ?9: where that is null, a new one from the version in force,
-- and a changed one from what it was made from. Only over revision ?10, where that is told; 0 is for a new
-- one. What is kept already may be kept again.
INSERT INTO draft (programme_no, kind, name, document, updated_at, updated_by, stored, who, base_version)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, coalesce(?9, CASE ?2 WHEN 'rulebook' THEN f.rulebook ELSE f.playbook END)
FROM in_force AS f WHERE f.programme_no = ?1
  AND (coalesce(?10, 0) = 0 OR EXISTS (SELECT 1 FROM draft WHERE programme_no = ?1 AND kind = ?2 AND name = ?3))
ON CONFLICT (programme_no, kind, name) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at,
  updated_by = excluded.updated_by, stored = excluded.stored, who = excluded.who, base_version = coalesce(?9, base_version),
  revision = revision + (document <> excluded.document OR base_version <> coalesce(?9, base_version))
WHERE coalesce(?10, revision) = revision OR (document = excluded.document AND base_version = coalesce(?9, base_version))
RETURNING base_version, revision
