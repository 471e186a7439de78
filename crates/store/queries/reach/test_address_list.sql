-- The test addresses of programme ?1, up to ?2, each with whether a member has it now.
SELECT a.id, a.channel, a.address, a.updated_at, a.updated_by,
  EXISTS (SELECT 1 FROM contact AS c WHERE c.programme_no = a.programme_no AND c.channel = a.channel AND c.digest = a.digest)
FROM test_address AS a WHERE a.programme_no = ?1 ORDER BY a.id LIMIT (SELECT ?2)
