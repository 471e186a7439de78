-- Touches of programme ?1 that were decided: ?2 as the command table has them, ?3 what was known of
-- budgets. Numbers are above all that were ever given. Returns nothing where budgets were used since.
INSERT INTO touch_decided (programme_no, first_no, alike, budgets)
SELECT ?1, 1 + max(coalesce((SELECT max(no) FROM touch), 0), coalesce((SELECT last FROM touch_gone), 0)), ?2, ?3
RETURNING programme_no
