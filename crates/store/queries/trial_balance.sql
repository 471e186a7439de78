-- Points by kind of the entries of programme ?1 recorded from ?2 until before ?3.
SELECT kind, sum(points), count(*) FROM entry WHERE programme_no = ?1 AND recorded_at >= ?2 AND recorded_at < ?3 GROUP BY kind
