-- Person ?2 of programme ?1 gets name ?3, language ?4 and roles ?5, where they have roles ?6; who ?7.
UPDATE person SET name = ?3, language = ?4, roles = ?5, who = ?7 WHERE programme_no = ?1 AND folded = ?2 AND roles = ?6 RETURNING id
