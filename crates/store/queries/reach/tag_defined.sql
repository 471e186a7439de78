-- Which of the tags ?2 (a JSON list of names) programme ?1 has.
SELECT s.name FROM json_each(?2) AS w CROSS JOIN member_set AS s
  ON s.programme_no = ?1 AND s.family = 'tag' AND s.name = w.value AND s.is_removed = 0
