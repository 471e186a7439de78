-- The secret ?1 of this file, ?2 when it has none yet: the first instance decides.
INSERT INTO reach_secret (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value RETURNING value
