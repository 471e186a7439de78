-- The three sums of programme ?1 that must be one: points of all entries, balances of all members,
-- points left in all lots less all debts; and what members gave each other, which must be nothing.
-- Each is the sum of the upper halves and that of the lower 32 bits, as no sum of whole numbers may
-- leave 64 bits here.
SELECT e.upper, e.lower, m.upper, m.lower, l.upper - d.upper, l.lower - d.lower, e.given_upper, e.given_lower
FROM (SELECT coalesce(sum(points >> 32), 0) AS upper, coalesce(sum(points & 4294967295), 0) AS lower,
    coalesce(sum(points >> 32) FILTER (WHERE kind IN ('transfer', 'merge')), 0) AS given_upper,
    coalesce(sum(points & 4294967295) FILTER (WHERE kind IN ('transfer', 'merge')), 0) AS given_lower
  FROM entry WHERE programme_no = ?1) AS e,
  (SELECT coalesce(sum((points_in_lots - debt) >> 32), 0) AS upper, coalesce(sum((points_in_lots - debt) & 4294967295), 0) AS lower
  FROM member WHERE programme_no = ?1) AS m,
  (SELECT coalesce(sum(l.remaining >> 32), 0) AS upper, coalesce(sum(l.remaining & 4294967295), 0) AS lower
  FROM member AS m JOIN lot AS l ON l.member_no = m.no WHERE m.programme_no = ?1) AS l,
  (SELECT coalesce(sum(debt >> 32), 0) AS upper, coalesce(sum(debt & 4294967295), 0) AS lower
  FROM member WHERE programme_no = ?1) AS d
