-- What programme ?1 exchanged with each other programme by entries recorded from ?2 until before ?3: points that it gave up and what came of them
-- there, how often; points that it granted and what was given up for them there, how often.
SELECT json_extract(body, '$.exchange[0]') AS other,
  coalesce(sum(-points) FILTER (WHERE points < 0), 0), coalesce(sum(json_extract(body, '$.exchange[1]')) FILTER (WHERE points < 0), 0),
  count(*) FILTER (WHERE points < 0),
  coalesce(sum(points) FILTER (WHERE points > 0), 0), coalesce(sum(json_extract(body, '$.exchange[1]')) FILTER (WHERE points > 0), 0),
  count(*) FILTER (WHERE points > 0)
FROM entry
WHERE programme_no = ?1 AND kind = 'exchange' AND recorded_at >= ?2 AND recorded_at < ?3
GROUP BY other
ORDER BY other
