-- Programmes with touches that only act and are due at ?1: a jump from programme to programme.
WITH RECURSIVE programme (no) AS (
  SELECT min(programme_no) FROM outbox WHERE channel = ''
  UNION ALL
  SELECT (SELECT min(o.programme_no) FROM outbox AS o WHERE o.channel = '' AND o.programme_no > programme.no)
  FROM programme WHERE programme.no IS NOT NULL)
SELECT no FROM programme
WHERE EXISTS (SELECT 1 FROM outbox AS o WHERE o.channel = '' AND o.programme_no = programme.no AND o.due_at <= +?1)
