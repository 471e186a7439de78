-- The pass with hash ?1 (hexadecimal), when it counts at ?2: whose it is, and of which programme. Whatever froze, restored
-- or closed the account since ended it, and so did the end of the last key of the line that made it.
SELECT p.no, p.id, p.rulebook_version, p.rulebook_digest, p.spread, p.name, m.no, m.id, t.expires_at, t.until, t.made_by, t.may_write, t.writes_from,
  t.device
FROM pass AS t JOIN programme AS p ON p.no = t.programme_no JOIN member AS m ON m.no = t.member_no
WHERE t.hash = unhex(?1) AND t.expires_at > ?2 AND t.until > ?2
AND NOT EXISTS (
  SELECT 1 FROM entry AS e WHERE e.member_no = t.member_no AND e.sequence > t.sequence
  AND e.kind IN ('freeze', 'restore', 'merge', 'erase'))
AND (EXISTS (SELECT 1 FROM api_key AS k WHERE k.prefix = t.lineage AND k.revoked_at IS NULL AND k.waits = 0
    AND (k.expires_at IS NULL OR k.expires_at > ?2))
  OR EXISTS (SELECT 1 FROM api_key AS k WHERE k.lineage = t.lineage AND (k.programme_no = t.programme_no OR k.operator = 1) AND k.revoked_at IS NULL
    AND k.waits = 0 AND (k.expires_at IS NULL OR k.expires_at > ?2)))
