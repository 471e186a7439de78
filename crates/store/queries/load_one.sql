-- As load.sql for one member by its own id, for commands that need nothing else of the books: the
-- columns are those of load.sql, and what is never asked for here is null. ?1 programme number or
-- null, ?2 key prefix (names the programme when ?1 is null), ?3 member id, ?4 idempotency key,
-- ?5 reference, ?6 most lots (-1: all), ?7 1 where its profile is wanted and 2 where an event is
-- priced, 0 otherwise
SELECT json_array(
  p.no, p.id, p.rulebook_version, p.rulebook_digest,
  k.role, k.operator, lower(hex(k.hash)), CASE WHEN k.revoked_at IS NOT NULL OR k.waits > 0 THEN 0 ELSE k.expires_at END, k.label, k.person, k.last_used_at,
  k.stores,
  coalesce(m.id, ?3),
  m.no, m.sequence, hex(m.head), m.points_in_lots, m.lots_granted, m.joined_at, m.tier, m.tier_since, m.tier_until, m.qualification, m.counters,
  m.due_at, m.reminded_at, m.debt, m.state,
  CASE WHEN ?6 <> 0 AND m.no IS NOT NULL THEN (
    SELECT json_group_array(json_array(number, source, granted, remaining, earned_at, available_at, expires_at, pending))
    FROM (SELECT * FROM lot WHERE member_no = m.no AND remaining > 0 ORDER BY expires_at, earned_at, number LIMIT (SELECT ?6))
  ) END,
  CASE WHEN ?4 IS NOT NULL THEN (
    SELECT json_array(hex(c.fingerprint), e.member_no, c.first_sequence, e.sequence, c.last_sequence, a.id, json(a.body))
    FROM claim AS c
    LEFT JOIN entry AS e ON e.no = c.entry_no
    LEFT JOIN answer AS a ON c.entry_no IS NULL AND a.programme_no = c.programme_no AND a.name = c.name
    WHERE c.programme_no = p.no AND c.kind = 'key'
      AND c.name = CASE WHEN k.prefix IS NULL THEN ?4 ELSE coalesce(k.lineage, k.prefix) || '/' || ?4 END
  ) END,
  CASE WHEN ?5 IS NOT NULL THEN (
    SELECT hex(e.id) FROM claim AS c CROSS JOIN entry AS e ON e.no = c.entry_no
    WHERE c.programme_no = p.no AND c.kind = 'reference' AND c.name = +?5
  ) END,
  CASE WHEN ?7 = 1 OR (?7 = 2 AND p.asks_profile) THEN (SELECT CASE ?7 WHEN 1 THEN attributes ELSE told END FROM profile WHERE member_no = m.no) END,
  NULL, NULL,
  CASE WHEN ?7 = 2 AND p.budgets IS NOT NULL THEN (
    SELECT json_group_array(json_array(t.subject, t.name, t.period, t.amount))
    FROM json_each(p.budgets) AS s CROSS JOIN tally AS t ON t.programme_no = p.no AND t.subject = s.value
  ) END,
  NULL, NULL,
  CASE WHEN ?7 = 1 THEN (SELECT json_group_array(alias) FROM alias WHERE member_no = m.no) END,
  coalesce(k.lineage, k.prefix),
  CASE WHEN m.lots_granted >= 100000 THEN (SELECT count(*) FROM lot INDEXED BY lot_open WHERE member_no = m.no AND remaining > 0) END,
  p.spread, k.permissions
) AS loaded
FROM programme AS p
LEFT JOIN api_key AS k ON k.prefix = +?2
LEFT JOIN member AS m ON m.programme_no = p.no AND m.id = +?3
WHERE p.no = coalesce(?1, (SELECT programme_no FROM api_key WHERE prefix = +?2))
