-- Person ?2 of programme ?1 is suspended (?3: 1) or restored (0); who ?4.
UPDATE person SET suspended = ?3, who = ?4 WHERE programme_no = ?1 AND folded = ?2 RETURNING id
