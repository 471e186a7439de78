-- Writes at ?1 what needs new pages, as any write may: in a file that is full, what fits into the
-- old ones would still be written.
INSERT INTO job (programme_no, name, position, updated_at)
SELECT min(no), 'readyz', hex(zeroblob(4096)), ?1 FROM programme WHERE true
ON CONFLICT (programme_no, name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at
