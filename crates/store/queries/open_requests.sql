-- Open requests of programme ?1: member number, member and request, of members after number ?2, at
-- most ?3 members.
SELECT open.no, open.id, r.value
FROM (SELECT no, id, state FROM member
  WHERE programme_no = ?1 AND state IS NOT NULL AND no > ?2 AND state -> '$.requests' IS NOT NULL ORDER BY no LIMIT (SELECT ?3)) AS open,
  json_each(open.state, '$.requests') AS r
ORDER BY open.no, r.key
