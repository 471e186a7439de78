-- Entries of accounts that became part of others in programme ?1, of which more was undone than there was.
-- The kinds that correct are named as the partial index of corrections names them.
SELECT DISTINCT o.id, (
    SELECT sum(json_extract(e.body, '$.reversal[1]')) FROM entry AS e
    WHERE e.programme_no = ?1 AND json_extract(e.body, '$.corrects') = +o.id
      AND e.kind IN ('capture', 'release', 'reverse', 'approve', 'reject', 'withdraw', 'lapse', 'adjust') AND e.kind = 'reverse'
  ) AS undone, abs(o.points)
FROM entry AS r
CROSS JOIN member AS g ON g.programme_no = r.programme_no AND g.id = json_extract(r.body, '$.counterparty')
CROSS JOIN entry AS o ON o.member_no = g.no AND o.id = json_extract(r.body, '$.corrects')
WHERE r.programme_no = ?1
  AND r.kind IN ('capture', 'release', 'reverse', 'approve', 'reject', 'withdraw', 'lapse', 'adjust') AND r.kind = 'reverse'
  AND json_extract(r.body, '$.corrects') IS NOT NULL AND json_extract(r.body, '$.counterparty') IS NOT NULL
  AND undone > abs(o.points)
