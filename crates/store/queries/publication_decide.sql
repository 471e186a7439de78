-- Publication ?2 of programme ?1 becomes ?3, decided at ?4 by ?5 for the reason ?7, who ?8, when it
-- is in one of the states ?6 (a JSON list) and no other version of its document came before it.
-- Returns its id when it was.
UPDATE publication_request SET state = ?3, decided_at = ?4, decided_by = ?5, reason = ?7, who = ?8,
  approved_at = CASE ?3 WHEN 'planned' THEN ?4 ELSE approved_at END, approved_by = CASE ?3 WHEN 'planned' THEN ?5 ELSE approved_by END
WHERE programme_no = ?1 AND id = ?2 AND state IN (SELECT value FROM json_each(?6))
  AND base_version = (SELECT CASE kind WHEN 'rulebook' THEN f.rulebook ELSE f.playbook END FROM in_force AS f WHERE f.programme_no = ?1)
RETURNING id
