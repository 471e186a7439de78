-- Publication ?2 of programme ?1 becomes ?3, decided at ?4 by ?5, when it is in one of the states ?6 (a JSON list). Returns its id when it was.
UPDATE publication_request SET state = ?3, decided_at = ?4, decided_by = ?5
WHERE programme_no = ?1 AND id = ?2 AND state IN (SELECT value FROM json_each(?6))
RETURNING id
