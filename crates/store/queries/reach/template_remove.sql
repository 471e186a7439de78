-- Removes the template ?2 of programme ?1. What touches name by its version stays.
UPDATE template SET is_removed = 1, updated_at = ?3, updated_by = ?4 WHERE programme_no = ?1 AND id = ?2 AND is_removed = 0
RETURNING 1
