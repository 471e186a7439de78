-- Who bears the key with prefix ?1.
SELECT p.no, p.id, p.rulebook_version, p.rulebook_digest, k.role, k.operator, k.hash, k.revoked_at, k.label, coalesce(k.lineage, k.prefix)
FROM api_key AS k JOIN programme AS p ON p.no = k.programme_no
WHERE k.prefix = ?1
