-- Rewards of programme ?1 after id ?2, at most ?3, with what is taken of them.
SELECT r.id, r.version, r.document,
  coalesce((SELECT amount FROM tally WHERE programme_no = r.programme_no AND subject = 'reward:' || r.id AND name = 'taken' AND period = 0), 0),
  r.updated_at
FROM reward AS r WHERE r.programme_no = ?1 AND r.id > ?2 ORDER BY r.id LIMIT (SELECT ?3)
