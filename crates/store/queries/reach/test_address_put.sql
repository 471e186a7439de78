-- Keeps a test address of programme ?1: id ?2, channel ?3, sealed address ?4, its digest ?5, when ?6, by ?7. Nothing
-- where it would be one more than ?8, or where a member has that address. Its id.
INSERT INTO test_address (programme_no, id, channel, address, digest, updated_at, updated_by)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE (SELECT count(*) FROM test_address WHERE programme_no = ?1 AND id <> ?2) < ?8
  AND NOT EXISTS (SELECT 1 FROM contact WHERE programme_no = ?1 AND channel = ?3 AND digest = ?5)
ON CONFLICT (programme_no, id) DO UPDATE SET channel = excluded.channel, address = excluded.address, digest = excluded.digest,
  updated_at = excluded.updated_at, updated_by = excluded.updated_by
RETURNING id
