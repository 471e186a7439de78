-- The log of programme ?1 before row ?2, newest first, at most ?9: by person ?3, key ?4, action ?5,
-- subject ?6 where these are not null, from ?7 until before ?8. With the hash of each, where it is
-- sealed.
SELECT l.no, l.at, l.action, l.subject, l.person, l.key, l.address, l.before, l.after,
  (SELECT lower(hex(hash)) FROM audit_seal WHERE programme_no = l.programme_no AND no = l.no)
FROM audit_log AS l
WHERE l.programme_no = ?1 AND l.no < ?2 AND l.at >= ?7 AND l.at < ?8
  AND (?3 IS NULL OR l.person = ?3) AND (?4 IS NULL OR l.key = ?4) AND (?5 IS NULL OR l.action = ?5) AND (?6 IS NULL OR l.subject = ?6)
ORDER BY l.no DESC LIMIT (SELECT ?9)
