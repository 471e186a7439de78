-- Puts reward ?2 with document ?3 into the catalogue of programme ?1 at ?4 by ?5, or changes it,
-- who ?6; returns its version. The same document again changes nothing.
INSERT INTO reward (programme_no, id, version, document, updated_at, updated_by, who) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)
ON CONFLICT (programme_no, id) DO UPDATE SET version = version + (document <> excluded.document), document = excluded.document,
  updated_at = CASE WHEN document <> excluded.document THEN excluded.updated_at ELSE updated_at END,
  updated_by = CASE WHEN document <> excluded.document THEN excluded.updated_by ELSE updated_by END,
  who = excluded.who
RETURNING version
