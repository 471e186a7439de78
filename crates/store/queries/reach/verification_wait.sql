-- When the code was made with which the limits were met: of member ?2 of programme ?1 the ?3rd before now,
-- of all its members the ?4th; since ?5.
SELECT
  (SELECT made_at FROM verification WHERE programme_no = ?1 AND member_no = ?2 AND made_at > ?5
    ORDER BY made_at DESC LIMIT 1 OFFSET (SELECT ?3 - 1)),
  (SELECT made_at FROM verification WHERE programme_no = ?1 AND made_at > ?5
    ORDER BY made_at DESC LIMIT 1 OFFSET (SELECT ?4 - 1))
