-- Imports of programme ?1 before the id ?2, newest first, at most ?3, without their reports.
SELECT id, state, asked_at, asked_by, actor, steps, approvals, until, NULL, reason, digest, size FROM import
WHERE programme_no = ?1 AND id < ?2 AND state <> 'staging' ORDER BY id DESC LIMIT (SELECT ?3)
