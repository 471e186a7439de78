-- Numbers after ?2 that something is kept of in programme ?1, in order, at most ?3.
SELECT no FROM (
  SELECT no FROM (SELECT DISTINCT member_no AS no FROM facts WHERE programme_no = ?1 AND member_no > ?2 ORDER BY member_no LIMIT (SELECT ?3))
  UNION
  SELECT no FROM (SELECT DISTINCT member_no AS no FROM contact WHERE programme_no = ?1 AND member_no > ?2 ORDER BY member_no LIMIT (SELECT ?3))
  UNION
  SELECT no FROM (SELECT DISTINCT member_no AS no FROM preference WHERE programme_no = ?1 AND member_no > ?2 ORDER BY member_no LIMIT (SELECT ?3))
  UNION
  SELECT no FROM (SELECT DISTINCT member_no AS no FROM consent WHERE programme_no = ?1 AND member_no > ?2 ORDER BY member_no LIMIT (SELECT ?3))
  UNION
  SELECT no FROM (SELECT DISTINCT member_no AS no FROM set_member WHERE programme_no = ?1 AND member_no > ?2 ORDER BY member_no LIMIT (SELECT ?3))
  UNION
  SELECT no FROM (SELECT DISTINCT member_no AS no FROM departed WHERE programme_no = ?1 AND member_no > ?2 ORDER BY member_no LIMIT (SELECT ?3))
)
ORDER BY no LIMIT (SELECT ?3)
