-- Keeps publication ?2 of programme ?1: draft ?3 as text ?4 with digest ?5, whether it asks for
-- profiles ?6, its budgets ?7, compared with version ?8, not before ?9, major changes ?10 for role
-- ?11 to approve of, asked for at ?12 by ?13, in state ?14, under the key ?15, who ?16, of document
-- ?17. Writes nothing when the key was used.
INSERT INTO publication_request (programme_no, id, draft, document, digest, asks_profile, budgets, base_version, at, major, role, asked_at, asked_by, state, asked_key, who, kind)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
ON CONFLICT (programme_no, asked_key) WHERE asked_key IS NOT NULL DO NOTHING
