-- Keeps hosts ?2 and address ?3 of programme ?1, told at ?4 by ?5.
INSERT INTO link_settings (programme_no, hosts, base, updated_at, updated_by) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (programme_no) DO UPDATE SET hosts = excluded.hosts, base = excluded.base, updated_at = excluded.updated_at,
  updated_by = excluded.updated_by
RETURNING 1
