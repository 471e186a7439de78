-- The three sums of programme ?1 that must be one: points of all entries, balances of all members, points left in all lots less all debts;
-- and what members gave each other, which must be nothing.
SELECT
  (SELECT coalesce(sum(points), 0) FROM entry WHERE programme_no = ?1),
  (SELECT coalesce(sum(balance - debt), 0) FROM member WHERE programme_no = ?1),
  (SELECT coalesce(sum(l.remaining), 0) FROM member AS m JOIN lot AS l ON l.member_no = m.no WHERE m.programme_no = ?1)
    - (SELECT coalesce(sum(debt), 0) FROM member WHERE programme_no = ?1),
  (SELECT coalesce(sum(points), 0) FROM entry WHERE programme_no = ?1 AND kind IN ('transfer', 'merge'))
