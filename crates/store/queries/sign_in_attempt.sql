-- An attempt to sign in counts as failed until it has succeeded: so of many at once no more than
-- these few are tried. ?1 [[programme number, subject], …] as in failed_sign_in, ?2 now. Returns a
-- row for each that need not wait: programme number, subject, failures.
INSERT INTO failed_sign_in (programme_no, subject, failures, last_at, forgets_from)
SELECT value ->> 0, value ->> 1, 1, ?2, ?2 FROM json_each(?1) WHERE true
ON CONFLICT (programme_no, subject) DO UPDATE SET last_at = excluded.last_at,
  failures = CASE WHEN forgets_every IS NOT NULL THEN max(0, failures - (excluded.last_at - forgets_from) / forgets_every) + 1
    WHEN last_at < excluded.last_at - 86400000 THEN 1 ELSE failures + 1 END,
  forgets_from = CASE WHEN failures > (excluded.last_at - forgets_from) / forgets_every
    THEN forgets_from + (excluded.last_at - forgets_from) / forgets_every * forgets_every ELSE excluded.last_at END
WHERE locked_until <= excluded.last_at
RETURNING programme_no, subject, failures
