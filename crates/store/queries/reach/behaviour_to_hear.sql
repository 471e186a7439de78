-- Behaviour of all programmes with numbers above ?1, in order, at most ?2: number, programme, member,
-- local day, kind, when it happened.
SELECT no, programme_no, member_no, day, kind, occurred_at FROM behaviour WHERE no > ?1 ORDER BY no LIMIT (SELECT ?2)
