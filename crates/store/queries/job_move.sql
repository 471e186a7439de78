-- Job ?2 of programme ?1 goes on at position ?3, at ?4.
INSERT INTO job (programme_no, name, position, updated_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (programme_no, name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at
