-- The number of the last entry of the member ?1.
SELECT no FROM entry WHERE member_no = ?1 ORDER BY sequence DESC LIMIT 1
