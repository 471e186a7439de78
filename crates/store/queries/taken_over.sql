-- How account ?2 of programme ?1 became part of another one: the entry that took it over, with the
-- hash before it, the lots that were handed over in the order of that entry's, and how many points
-- of its lots ?3 (a JSON list of numbers) had expired.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1),
  coalesce(json_extract(h.body, '$.draws'), '[]'),
  (SELECT coalesce(sum(d.value ->> 1), 0) FROM entry AS x, json_each(x.body, '$.draws') AS d
    WHERE x.member_no = g.no AND x.kind = 'expire' AND d.value ->> 0 IN (SELECT value FROM json_each(?3)))
FROM member AS g
JOIN programme AS p ON p.no = g.programme_no
CROSS JOIN entry AS h ON h.member_no = g.no AND h.sequence = g.sequence AND h.kind = 'merge'
CROSS JOIN member AS m ON m.programme_no = g.programme_no AND m.id = h.counterparty
CROSS JOIN entry AS e ON e.member_no = m.no AND e.kind = 'merge' AND e.cause = h.id
WHERE g.programme_no = ?1 AND g.id = ?2
