-- The code ?3 of member ?2 of programme ?1 was typed in right at ?4. When that was first.
UPDATE verification SET confirmed_at = coalesce(confirmed_at, ?4)
WHERE programme_no = ?1 AND member_no = ?2 AND id = ?3
RETURNING confirmed_at
