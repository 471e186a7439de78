-- What programme ?1 exchanged with each other programme by entries recorded from ?2 until before
-- ?3: points that it gave up (negative) and what came of them there, how often; points that it
-- granted and what was given up for them there, how often. Each sum is that of the upper halves and
-- that of the lower 32 bits, as no sum of whole numbers may leave 64 bits here.
SELECT other,
  coalesce(sum(points >> 32) FILTER (WHERE points < 0), 0), coalesce(sum(points & 4294967295) FILTER (WHERE points < 0), 0),
  coalesce(sum(there >> 32) FILTER (WHERE points < 0), 0), coalesce(sum(there & 4294967295) FILTER (WHERE points < 0), 0),
  count(*) FILTER (WHERE points < 0),
  coalesce(sum(points >> 32) FILTER (WHERE points > 0), 0), coalesce(sum(points & 4294967295) FILTER (WHERE points > 0), 0),
  coalesce(sum(there >> 32) FILTER (WHERE points > 0), 0), coalesce(sum(there & 4294967295) FILTER (WHERE points > 0), 0),
  count(*) FILTER (WHERE points > 0)
FROM (SELECT points, json_extract(body, '$.exchange[0]') AS other, json_extract(body, '$.exchange[1]') AS there
  FROM entry WHERE programme_no = ?1 AND kind = 'exchange' AND recorded_at >= ?2 AND recorded_at < ?3)
GROUP BY other
ORDER BY other
