-- Keeps draft ?2 of programme ?1 with document ?3, at ?4 by ?5, as rulebook ?6, who ?7.
INSERT INTO draft (programme_no, name, document, updated_at, updated_by, rulebook, who) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (programme_no, name) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at,
  updated_by = excluded.updated_by, rulebook = excluded.rulebook, who = excluded.who
