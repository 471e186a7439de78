-- Migration ?1 of the second schema, called ?2, was applied.
INSERT INTO reach_migration (number, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING
