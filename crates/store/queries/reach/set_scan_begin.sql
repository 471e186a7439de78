-- Begins a walk over the members of programme ?1 on day ?2: the sets ?3, or null to count. Does
-- nothing where one is under way.
INSERT INTO set_scan (programme_no, day, sets, counts, position) VALUES (?1, ?2, ?3, NULL, 0) ON CONFLICT DO NOTHING
