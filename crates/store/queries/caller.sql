-- The bearer of the key with prefix ?1.
SELECT p.no, p.id, p.rulebook_version, p.rulebook_digest, k.role, k.operator, lower(hex(k.hash)),
  CASE WHEN k.revoked_at IS NOT NULL OR k.waits > 0 THEN 0 ELSE k.expires_at END, k.label, k.person, k.last_used_at, k.stores,
  coalesce(k.lineage, k.prefix), p.spread, k.permissions
FROM api_key AS k JOIN programme AS p ON p.no = k.programme_no
WHERE k.prefix = +?1
