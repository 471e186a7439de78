-- Members of set ?1 at ?3 with numbers after ?2, in order, at most ?4.
SELECT member_no, since, until, source, version, score
FROM set_member WHERE set_no = ?1 AND member_no > ?2 AND (until IS NULL OR until > ?3)
ORDER BY member_no LIMIT (SELECT ?4)
