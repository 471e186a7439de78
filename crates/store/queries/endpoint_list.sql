-- Endpoints of programme ?1: the one with id ?2, or (?2 null) those after id ?3, at most ?4. Never
-- with their secrets.
SELECT d.id, d.url, d.kinds, d.failures, d.retry_at, d.disabled_at, d.disabled_because, d.created_at,
  (SELECT count(*) FROM parked_event AS k WHERE k.programme_no = d.programme_no AND k.endpoint_id = d.id AND k.state <> 'dead'),
  (SELECT count(*) FROM parked_event AS k WHERE k.programme_no = d.programme_no AND k.endpoint_id = d.id AND k.state = 'dead')
FROM endpoint AS d
WHERE d.programme_no = ?1 AND d.id > ?3 AND (?2 IS NULL OR d.id = ?2)
ORDER BY d.id LIMIT (SELECT ?4)
