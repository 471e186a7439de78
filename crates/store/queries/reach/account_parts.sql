-- Accounts that became part of the members ?1, a JSON list of numbers: the part, and the whole; of each the
-- last ?2 parts.
SELECT d.member_no, d.into_no
FROM json_each(?1) AS w CROSS JOIN departed AS d ON d.into_no = w.value AND d.member_no > coalesce((
  SELECT l.member_no FROM departed AS l WHERE l.into_no = w.value ORDER BY l.member_no DESC LIMIT 1 OFFSET (SELECT ?2)), 0)
