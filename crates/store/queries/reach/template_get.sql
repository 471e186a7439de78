-- The template ?2 of programme ?1: id, document, version, when, by.
SELECT id, document, version, updated_at, updated_by FROM template WHERE programme_no = ?1 AND id = ?2 AND is_removed = 0
