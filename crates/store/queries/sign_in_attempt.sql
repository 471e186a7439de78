-- An attempt to sign in counts as failed until it has succeeded: so of many at once no more than
-- these few are tried. ?1 [[programme number, subject], …] as in failed_sign_in, ?2 now. Returns a
-- row for each: programme number, subject, failures; none, and counts nothing, where one of them
-- must wait. Requests may come some seconds out of turn. What is later than a minute from now, the
-- clock was set back since: nobody waits for that time to come again, and counting goes on from
-- now.
INSERT INTO failed_sign_in (programme_no, subject, failures, last_at, forgets_from)
SELECT value ->> 0, value ->> 1, 1, ?2, ?2 FROM json_each(?1)
WHERE NOT EXISTS (SELECT 1 FROM json_each(?1) AS o
  CROSS JOIN failed_sign_in AS f ON f.programme_no = o.value ->> 0 AND f.subject = o.value ->> 1
  WHERE f.locked_until > ?2 AND f.last_at <= ?2 + 60000)
ON CONFLICT (programme_no, subject) DO UPDATE SET last_at = excluded.last_at,
  failures = CASE WHEN forgets_every IS NOT NULL THEN max(0, failures - max(0, excluded.last_at - forgets_from) / forgets_every) + 1
    WHEN last_at < excluded.last_at - 86400000 THEN 1 ELSE failures + 1 END,
  forgets_from = CASE WHEN forgets_from > excluded.last_at + 60000 THEN excluded.last_at
    WHEN failures > max(0, excluded.last_at - forgets_from) / forgets_every
    THEN forgets_from + max(0, excluded.last_at - forgets_from) / forgets_every * forgets_every
    ELSE max(forgets_from, excluded.last_at) END
RETURNING programme_no, subject, failures
