-- Person ?2 of programme ?1 has signed in at ?4 with the browser that holds what has hash ?3
-- (hexadecimal). Returns a row.
INSERT INTO known_device (hash, programme_no, folded, last_at) VALUES (unhex(?3), ?1, ?2, ?4)
ON CONFLICT (hash, programme_no, folded) DO UPDATE SET last_at = excluded.last_at
RETURNING 1
