-- Touches of programme ?1 that were planned for the days from ?2 up to ?3, before day ?4 and number ?5 in
-- the order of the list, the latest first, at most ?6: day, number, member, strategy, state, reason,
-- node.
SELECT planned_day, no, member_no, strategy, state, reason, node FROM touch
WHERE programme_no = ?1 AND planned_day >= ?2 AND planned_day <= ?3 AND (planned_day, no) < (?4, ?5)
ORDER BY planned_day DESC, no DESC LIMIT (SELECT ?6)
