-- State and open lots of members of programme ?1: the one with id ?2, or (?2 null) those after
-- number ?3, at most ?4.
SELECT
  m.id, m.no, m.sequence, m.head, m.points_in_lots, m.lots_granted, m.joined_at, m.tier, m.tier_since, m.tier_until, m.qualification, m.counters,
  m.due_at, m.reminded_at, m.debt, m.state,
  (SELECT json_group_array(json_array(number, source, granted, remaining, earned_at, available_at, expires_at, pending))
    FROM (SELECT * FROM lot WHERE member_no = m.no AND remaining > 0 ORDER BY expires_at, earned_at, number))
FROM member AS m
WHERE m.programme_no = ?1 AND m.no > ?3 AND (?2 IS NULL OR m.id = ?2)
ORDER BY m.no LIMIT (SELECT ?4)
