-- Takes at most ?2 members out of the removed set ?1, and returns as many rows.
DELETE FROM set_member WHERE (programme_no, member_no, set_no) IN (
  SELECT programme_no, member_no, set_no FROM set_member WHERE set_no = ?1 ORDER BY member_no LIMIT (SELECT ?2))
RETURNING 1
