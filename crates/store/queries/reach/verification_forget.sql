-- Deletes codes that were made by ?1, at most ?2.
DELETE FROM verification WHERE (programme_no, member_no, id) IN (
  SELECT programme_no, member_no, id FROM verification WHERE made_at <= ?1 ORDER BY made_at LIMIT (SELECT ?2))
RETURNING 1
