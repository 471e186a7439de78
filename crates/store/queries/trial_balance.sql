-- Points by kind of the entries of programme ?1 recorded from ?2 until before ?3, in the stores ?4
-- (a JSON list) or, when that is null, all: the sum of the upper halves, that of the lower 32 bits,
-- as no sum of whole numbers may leave 64 bits here; how many entries.
SELECT kind, sum(points >> 32), sum(points & 4294967295), count(*)
FROM entry WHERE programme_no = ?1 AND recorded_at >= ?2 AND recorded_at < ?3
  AND (?4 IS NULL OR store IN (SELECT value FROM json_each(?4)))
GROUP BY kind
