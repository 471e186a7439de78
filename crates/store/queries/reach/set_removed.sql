-- Removed sets of programme ?1 that still have a row.
SELECT no FROM member_set WHERE programme_no = ?1 AND is_removed = 1 ORDER BY no LIMIT 100
