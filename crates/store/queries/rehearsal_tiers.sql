-- Members of programme ?1 whose tier ends by ?2 and for whom nothing else falls due by ?3, after
-- position (?4 end, ?5 member number), at most ?6.
SELECT id, tier_until, no FROM member
WHERE programme_no = ?1 AND tier_until <= ?2 AND (tier_until, no) > (?4, ?5) AND (due_at IS NULL OR due_at > ?3)
ORDER BY tier_until, no LIMIT (SELECT ?6)
