-- Somebody wants to be sent to a provider, for programme ?1 (an id) at ?2: its number, -1 where
-- there is none, and until when visits must wait. Reading alone, so that a flood costs no writer.
SELECT coalesce(p.no, -1), coalesce((SELECT locked_until FROM failed_sign_in
  WHERE programme_no = coalesce(p.no, -1) AND subject = ' visits' AND last_at <= ?2 + 60000), 0)
FROM (SELECT 1) LEFT JOIN programme AS p ON p.id = ?1
