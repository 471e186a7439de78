-- Events of programme ?1 that endpoints were given up for, and that were recorded before ?2, are
-- listed no longer, at most ?3. Returns a row for each.
DELETE FROM parked_event WHERE programme_no = ?1 AND (endpoint_id, entry_no) IN
  (SELECT k.endpoint_id, k.entry_no FROM parked_event AS k CROSS JOIN entry AS e ON e.no = k.entry_no
  WHERE k.programme_no = ?1 AND k.state = 'dead' AND e.recorded_at < ?2 LIMIT (SELECT ?3))
RETURNING 1
