-- Notes in the log of programme ?1 (the operator's when null) that the key ?2 was refused, by ?3 at
-- ?4; once an hour, so that nobody fills the disk with it.
INSERT INTO audit
SELECT p.no, 'key_refused', ?2, ?3, NULL, NULL FROM programme AS p
WHERE p.no = coalesce(?1, (SELECT programme_no FROM api_key WHERE operator = 1 LIMIT 1), 1)
  AND NOT EXISTS (
    SELECT 1 FROM audit_log WHERE programme_no = p.no AND action = 'key_refused' AND subject = ?2 AND at > ?4 - 3600000)
