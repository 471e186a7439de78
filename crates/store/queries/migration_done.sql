-- Migration ?1, called ?2, was applied.
INSERT INTO migration (number, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING
