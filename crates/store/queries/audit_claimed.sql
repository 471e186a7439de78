-- The references of programme ?1 that are claimed by entries: ?2 is [[number of the entry, the least
-- reference that may be the entry's, what comes after all of those], …]. Returns the place in the
-- list and the reference.
SELECT w.key, c.name
FROM json_each(?2) AS w
CROSS JOIN claim AS c ON c.programme_no = ?1 AND c.kind = 'reference' AND c.name >= w.value ->> 1 AND c.name < w.value ->> 2
  AND c.entry_no = w.value ->> 0
