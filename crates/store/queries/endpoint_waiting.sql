-- Endpoints of programme ?1 (null: of all), by programme, that can be delivered to at ?2 and have
-- something to deliver; leases longer than ?3 and pauses longer than ?4 from now are those of a
-- clock that was set back.
SELECT programme_no, id FROM endpoint AS d
WHERE (?1 IS NULL OR programme_no = ?1) AND disabled_at IS NULL
AND (leased_until <= ?2 OR leased_until > ?2 + ?3) AND (retry_at <= ?2 OR retry_at > ?2 + ?4)
AND (EXISTS (
  SELECT 1 FROM endpoint_position AS p
  WHERE p.programme_no = d.programme_no AND p.endpoint_id = d.id AND p.position < (SELECT max(no) FROM entry)) OR EXISTS (
  SELECT 1 FROM parked_event AS k
  WHERE k.programme_no = d.programme_no AND k.endpoint_id = d.id AND k.state = 'retry'
  AND (k.next_attempt_at <= ?2 OR k.next_attempt_at > ?2 + ?4)))
ORDER BY programme_no, id
