-- Keeps draft ?3 of document ?2 of programme ?1 with text ?4, at ?5 by ?6, as it is stored when it is
-- published ?7, who ?8.
INSERT INTO draft (programme_no, kind, name, document, updated_at, updated_by, stored, who) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (programme_no, kind, name) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at,
  updated_by = excluded.updated_by, stored = excluded.stored, who = excluded.who
