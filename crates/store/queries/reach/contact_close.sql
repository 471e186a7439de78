-- Closes addresses of programme ?1 by channel ?2 that are open: ?3 [[digest, state], …], at ?4 by ?5.
UPDATE contact SET updated_at = ?4, updated_by = ?5,
  state = (SELECT c.value ->> 1 FROM json_each(?3) AS c WHERE c.value ->> 0 = contact.digest)
WHERE state = 'open' AND (programme_no, member_no, channel) IN (
  SELECT k.programme_no, k.member_no, k.channel FROM json_each(?3) AS c
  CROSS JOIN contact AS k ON k.programme_no = ?1 AND k.channel = ?2 AND k.digest = c.value ->> 0)
RETURNING member_no
