-- Of the tasks ?2 of programme ?1, a JSON list of numbers, those that a list asks for: in state ?3, of
-- strategy ?4, of home store ?5, of one of the home stores ?6 (a JSON list), and for the caller ?7: null, or
-- {"person", "role", "stores": a list, or null for all}. What is null asks for all.
SELECT t.no, t.touch_no, t.account_no, t.source, t.member_no, p.home_store, t.to_kind, t.to_name, t.title, t.text, t.made_at, t.due_at, t.state,
  t.note, t.closed_at, t.closed_by, t.closed_key
FROM json_each(?2) AS w CROSS JOIN task AS t ON t.no = w.value
LEFT JOIN preference AS p ON p.programme_no = t.programme_no AND p.member_no = t.member_no
WHERE t.programme_no = ?1 AND t.state <> 'erased'
AND (?3 IS NULL OR t.state = ?3)
AND (?4 IS NULL OR (t.source = ?4 AND t.account_no IS NULL))
AND (?5 IS NULL OR p.home_store = ?5)
AND (?6 IS NULL OR p.home_store IN (SELECT value FROM json_each(?6)))
AND (?7 IS NULL OR (t.to_kind = 'person' AND t.to_name = ?7 ->> 'person') OR (t.to_kind = 'role' AND t.to_name = ?7 ->> 'role')
  OR (t.to_kind = 'store' AND (?7 ->> 'stores' IS NULL OR p.home_store IN (SELECT value FROM json_each(?7, '$.stores')))))
ORDER BY w.key
