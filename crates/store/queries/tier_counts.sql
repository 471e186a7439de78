-- How many members of programme ?1 have which tier, by its name; '' for none.
SELECT tier, members FROM tier_count WHERE programme_no = ?1 AND members > 0 ORDER BY tier
