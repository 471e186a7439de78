-- Corrects the due instant of member ?2 of programme ?1 to ?4 if nothing happened since head ?3. It is derived from the lots and moves no points.
UPDATE member SET due_at = ?4 WHERE programme_no = ?1 AND id = ?2 AND head = ?3
