-- Everything a decision needs, one row per wanted member. Idempotency keys are stored with the line
-- of the API key that they belong to in front. ?3 names them so where ?2 does not name the caller.
-- One column: a host hands over each name and each value of a row set by itself, which costs a
-- guest more than reading them from one text; ids and hashes are hexadecimal there. ?1 programme number or null, ?2 key prefix (names the
-- programme when ?1 is null), ?3 [[member id, key, reference, ids of entries whose reversals are
-- wanted or null, lots whose expired points are wanted or null, subjects whose counters are wanted
-- or null, reward that is wanted or null, names that it is given or null, 1 where its profile is
-- wanted and 2 where an event is priced: what the rulebook asks for is wanted, 0 otherwise, id of
-- the programme whose member it is or null for this one], …], ?4 most lots (-1: all)
SELECT json_array(
  p.no, p.id, p.rulebook_version, p.rulebook_digest,
  k.role, k.operator, lower(hex(k.hash)), CASE WHEN k.revoked_at IS NOT NULL OR k.waits > 0 THEN 0 ELSE k.expires_at END, k.label, k.person, k.last_used_at,
  k.stores,
  coalesce(m.id, w.value ->> 0),
  m.no, m.sequence, hex(m.head), m.points_in_lots, m.lots_granted, m.joined_at, m.tier, m.tier_since, m.tier_until, m.qualification, m.counters,
  m.due_at, m.reminded_at, m.debt, m.state,
  CASE WHEN ?4 <> 0 AND m.no IS NOT NULL THEN (
    SELECT json_group_array(json_array(number, source, granted, remaining, earned_at, available_at, expires_at, pending))
    FROM (SELECT * FROM lot WHERE member_no = m.no AND remaining > 0 ORDER BY expires_at, earned_at, number LIMIT (SELECT ?4))
  ) END,
  (SELECT json_array(hex(c.fingerprint), e.member_no, c.first_sequence, e.sequence, c.last_sequence, a.id, json(a.body))
    FROM claim AS c
    LEFT JOIN entry AS e ON e.no = c.entry_no
    LEFT JOIN answer AS a ON c.entry_no IS NULL AND a.programme_no = c.programme_no AND a.name = c.name
    WHERE c.programme_no = p.no AND c.kind = 'key'
      AND c.name = CASE WHEN k.prefix IS NULL THEN w.value ->> 1 ELSE coalesce(k.lineage, k.prefix) || '/' || (w.value ->> 1) END),
  (SELECT hex(e.id) FROM claim AS c CROSS JOIN entry AS e ON e.no = c.entry_no
    WHERE c.programme_no = p.no AND c.kind = 'reference' AND c.name = w.value ->> 2),
  CASE WHEN w.value ->> 8 = 1 OR (w.value ->> 8 = 2 AND p.asks_profile) THEN (SELECT CASE w.value ->> 8 WHEN 1 THEN attributes ELSE told END FROM profile WHERE member_no = m.no) END,
  CASE WHEN w.value ->> 3 IS NOT NULL THEN (
    SELECT json_group_array(json_array(c.value, json_extract(e.body, '$.reversal')))
    FROM json_each(w.value -> 3) AS c
    CROSS JOIN entry AS e ON e.programme_no = p.no AND e.corrects = unhex(c.value, '-') AND e.kind = 'reverse'
  ) END,
  CASE WHEN w.value ->> 4 IS NOT NULL THEN (
    SELECT json_group_array(json_array(d.value ->> 0, d.value ->> 1))
    FROM entry AS e, json_each(e.body, '$.draws') AS d
    WHERE e.member_no = m.no AND e.kind = 'expire' AND d.value ->> 0 IN (SELECT value FROM json_each(w.value -> 4))
  ) END,
  CASE WHEN w.value ->> 5 IS NOT NULL OR (w.value ->> 8 = 2 AND p.budgets IS NOT NULL) THEN (
    SELECT json_group_array(json_array(t.subject, t.name, t.period, t.amount))
    FROM (
      SELECT value FROM json_each(w.value -> 5) UNION ALL SELECT value FROM json_each(p.budgets) WHERE w.value ->> 8 = 2
    ) AS s CROSS JOIN tally AS t ON t.programme_no = p.no AND t.subject = s.value
  ) END,
  CASE WHEN w.value ->> 6 IS NOT NULL THEN (
    SELECT json_array(r.version, json(r.document)) FROM reward AS r WHERE r.programme_no = p.no AND r.id = w.value ->> 6
  ) END,
  CASE WHEN w.value ->> 7 IS NOT NULL THEN (
    SELECT json_group_array(json_array(n.value,
      (SELECT member_id FROM known_as WHERE programme_no = p.no AND alias = n.value ORDER BY distance LIMIT 1)))
    FROM json_each(w.value -> 7) AS n
  ) END,
  CASE WHEN w.value ->> 8 = 1 THEN (SELECT json_group_array(alias) FROM alias WHERE member_no = m.no) END,
  coalesce(k.lineage, k.prefix),
  -- A member who was never granted so many lots has not too many.
  CASE WHEN m.lots_granted >= 100000 THEN (SELECT count(*) FROM lot INDEXED BY lot_open WHERE member_no = m.no AND remaining > 0) END,
  p.spread, k.permissions
) AS loaded
FROM programme AS p
LEFT JOIN api_key AS k ON k.prefix = +?2
CROSS JOIN json_each(?3) AS w
LEFT JOIN programme AS there ON there.id = w.value ->> 9
-- With ~ in front it is one of the other names of a member. The query looks for the name elsewhere
-- in the group only when nobody has it here.
LEFT JOIN member AS m ON m.programme_no = coalesce(there.no, p.no) AND m.id = CASE WHEN substr(w.value ->> 0, 1, 1) = '~' THEN (
    SELECT o.id FROM alias AS a JOIN member AS o ON o.no = a.member_no
    WHERE a.programme_no = coalesce(there.no, p.no) AND a.alias = substr(w.value ->> 0, 2)
  ) ELSE w.value ->> 0 END
WHERE p.no = coalesce(?1, (SELECT programme_no FROM api_key WHERE prefix = +?2))
ORDER BY w.id
