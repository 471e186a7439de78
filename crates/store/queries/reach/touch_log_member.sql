-- The same of member ?7, found by the member.
SELECT planned_day, no, member_no, strategy, state, reason, node FROM touch
WHERE programme_no = ?1 AND member_no = ?7 AND +planned_day >= ?2 AND +planned_day <= ?3 AND (+planned_day, no) < (?4, ?5)
ORDER BY +planned_day DESC, no DESC LIMIT (SELECT ?6)
