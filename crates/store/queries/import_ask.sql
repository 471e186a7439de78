-- Begins to stage import ?2 of programme ?1, asked for at ?3 by ?4 as ?5, roles ?6 to approve until
-- ?7, under key ?8 with digest ?9, of the size ?10, who ?11. Writes nothing when the key was used.
INSERT INTO import (programme_no, id, state, asked_at, asked_by, actor, steps, approvals, until, asked_key, digest, size, who)
VALUES (?1, ?2, 'staging', ?3, ?4, ?5, ?6, '[]', ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (programme_no, asked_key) DO NOTHING
