-- Programmes that facts are kept for.
WITH RECURSIVE p (no) AS (
  SELECT min(programme_no) FROM facts
  UNION ALL
  SELECT (SELECT min(f.programme_no) FROM facts AS f WHERE f.programme_no > p.no) FROM p WHERE p.no IS NOT NULL
)
SELECT no FROM p WHERE no IS NOT NULL
