-- The log of programme ?1 after row ?2, oldest first, at most ?3, each with its hash and the one
-- before.
SELECT l.no, l.at, l.action, l.subject, l.person, l.key, l.address, l.before, l.after,
  (SELECT lower(hex(hash)) FROM audit_seal WHERE programme_no = l.programme_no AND no = l.no),
  (SELECT lower(hex(hash)) FROM audit_seal WHERE programme_no = l.programme_no AND no = l.no - 1)
FROM audit_log AS l WHERE l.programme_no = ?1 AND l.no > ?2
ORDER BY l.no LIMIT (SELECT ?3)
