-- Programmes in which there is nothing to do until an instant: number, instant, version of the rulebook
-- by which it was worked out.
SELECT q.programme_no, q.until, q.rulebook_version
FROM set_rest AS q
WHERE NOT EXISTS (SELECT 1 FROM set_due AS d WHERE d.programme_no = q.programme_no)
  AND NOT EXISTS (SELECT 1 FROM tag_due AS d WHERE d.programme_no = q.programme_no)
  AND NOT EXISTS (SELECT 1 FROM set_scan AS s WHERE s.programme_no = q.programme_no)
  AND NOT EXISTS (SELECT 1 FROM member_set AS s WHERE s.programme_no = q.programme_no AND s.is_removed = 1)
  AND NOT EXISTS (SELECT 1 FROM member_set AS s WHERE s.programme_no = q.programme_no AND s.is_removed = 0 AND s.copy_after IS NOT NULL)
  AND NOT EXISTS (
    SELECT 1 FROM member_set AS s
    WHERE s.programme_no = q.programme_no AND s.is_removed = 0 AND s.condition IS NOT NULL AND s.kind <> 'passive'
      AND s.evaluated_version <> s.version)
