-- The id of the member of programme ?1 that is known as ?2, which has ~ in front.
SELECT m.id FROM member AS m WHERE m.programme_no = ?1 AND m.id = (
  SELECT member_id FROM known_as WHERE programme_no = ?1 AND alias = substr(?2, 2) ORDER BY distance LIMIT 1
)
