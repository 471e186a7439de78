-- Person ?2 of programme ?1 gets name ?3, language ?4 and roles ?5, where they have roles ?6 and each own role of ?5 is still there; who ?7.
UPDATE person SET name = ?3, language = ?4, roles = ?5, who = ?7 WHERE programme_no = ?1 AND folded = ?2 AND roles = ?6
AND NOT EXISTS (SELECT 1 FROM json_each(?5) AS g WHERE g.value ->> 'base' IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM own_role WHERE programme_no = ?1 AND id = g.value ->> 'role' AND base = g.value ->> 'base'))
RETURNING id
