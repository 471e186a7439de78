-- Deletes events of erased persons among the accounts ?1, a JSON list of numbers: at most ?2.
DELETE FROM behaviour WHERE (programme_no, day, key) IN (
  SELECT b.programme_no, b.day, b.key
  FROM json_each(?1) AS w
  CROSS JOIN departed AS d ON d.member_no = w.value AND d.into_no IS NULL
  CROSS JOIN behaviour AS b ON b.member_no = d.member_no
  LIMIT (SELECT ?2))
RETURNING 1
