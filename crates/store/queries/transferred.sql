-- The entry of the member who got what the transfer with id ?2 of programme ?1 gave, with the hash
-- before it.
SELECT p.id, m.id, e.sequence, e.id, e.kind, e.points, e.balance_after, e.occurred_at, e.recorded_at, e.body, e.texts, e.hash,
  (SELECT b.hash FROM entry AS b WHERE b.member_no = e.member_no AND b.sequence = e.sequence - 1)
FROM entry AS e
JOIN member AS m ON m.no = e.member_no
JOIN programme AS p ON p.no = e.programme_no
WHERE e.programme_no = ?1 AND e.cause = ?2 AND e.kind = 'transfer'
