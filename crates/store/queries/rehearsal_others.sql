-- Members of programme ?1 whose tier does not end by ?2 and for whom nothing falls due by ?3, after
-- member number ?4, at most ?5.
SELECT id, no FROM member
WHERE +programme_no = ?1 AND no > ?4 AND (due_at IS NULL OR due_at > ?3) AND (tier_until IS NULL OR tier_until > ?2)
ORDER BY no LIMIT (SELECT ?5)
