-- Entries of accounts that became part of others in programme ?1, of which more was undone than
-- there was. What is undone may be of an account that became part of the one that a return names,
-- and so on.
WITH RECURSIVE may_be_of (id, member_no) AS (
  SELECT r.corrects, g.no
  FROM entry AS r
  CROSS JOIN member AS g ON g.programme_no = r.programme_no AND g.id = r.counterparty
  WHERE r.programme_no = ?1 AND r.corrects IS NOT NULL AND r.kind = 'reverse' AND r.counterparty IS NOT NULL
  UNION
  SELECT f.id, g.no
  FROM may_be_of AS f
  CROSS JOIN entry AS t ON t.member_no = f.member_no AND t.kind = 'merge' AND t.cause IS NOT NULL
  CROSS JOIN member AS g ON g.programme_no = t.programme_no AND g.id = t.counterparty
)
SELECT DISTINCT o.id, (
    SELECT sum(json_extract(e.body, '$.reversal[1]')) FROM entry AS e
    WHERE e.programme_no = ?1 AND e.corrects = +o.id AND e.kind = 'reverse'
  ) AS undone, abs(o.points)
FROM may_be_of AS f
CROSS JOIN entry AS o ON o.member_no = f.member_no AND o.id = f.id
WHERE undone > abs(o.points)
