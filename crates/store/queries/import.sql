-- Import ?2 of programme ?1, or the one that was asked for under key ?3.
SELECT id, state, asked_at, asked_by, actor, steps, approvals, until, report, reason, digest, size FROM import
WHERE programme_no = ?1 AND (id = ?2 OR asked_key = ?3)
