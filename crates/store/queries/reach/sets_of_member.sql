-- The sets of family ?3 that member ?2 of programme ?1 is in at ?4, by name: name, document, kind,
-- then as in set_members.
SELECT s.name, s.document, s.kind, h.since, h.until, h.source, h.version, h.score
FROM set_member AS h CROSS JOIN member_set AS s ON s.no = h.set_no AND s.is_removed = 0 AND s.family = ?3
WHERE h.programme_no = ?1 AND h.member_no = ?2 AND (h.until IS NULL OR h.until > ?4)
ORDER BY s.name
