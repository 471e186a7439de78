-- How members stand at ?2, by the clock: of each of the member numbers ?1 (a JSON list) its number,
-- what can be spent before a debt is paid, what is pending, what holds keep, what is owed, and the
-- language that it is addressed in.
SELECT m.no,
  (SELECT coalesce(sum(l.remaining), 0) FROM lot AS l
    WHERE l.member_no = m.no AND l.remaining > 0 AND l.available_at <= ?2 AND l.expires_at > ?2),
  (SELECT coalesce(sum(l.remaining), 0) FROM lot AS l WHERE l.member_no = m.no AND l.remaining > 0 AND l.expires_at > ?2 AND l.available_at > ?2),
  (SELECT coalesce(sum(d.value ->> 1), 0) FROM json_each(m.state, '$.holds') AS h, json_each(h.value, '$[3]') AS d WHERE h.value ->> 2 > ?2),
  m.debt,
  (SELECT p.attributes ->> '$.language' FROM profile AS p WHERE p.member_no = m.no)
FROM json_each(?1) AS w CROSS JOIN member AS m ON m.no = w.value
