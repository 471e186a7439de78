-- Moves events of the accounts ?1, a JSON list of numbers, to those that they became part of: at
-- most ?2.
UPDATE behaviour SET member_no = (SELECT into_no FROM departed WHERE departed.member_no = behaviour.member_no)
WHERE (programme_no, day, key) IN (
  SELECT b.programme_no, b.day, b.key
  FROM json_each(?1) AS w
  CROSS JOIN departed AS d ON d.member_no = w.value AND d.into_no IS NOT NULL
  CROSS JOIN behaviour AS b ON b.member_no = d.member_no
  LIMIT (SELECT ?2))
RETURNING 1
