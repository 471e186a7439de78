-- Keeps a change of reward ?2 of programme ?1 until somebody decides: named ?3, document ?4, asked
-- for at ?5 by ?6, who ?7. A later one takes its place.
INSERT INTO reward_change (programme_no, reward_id, id, document, asked_at, asked_by, who) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (programme_no, reward_id) DO UPDATE SET id = excluded.id, document = excluded.document, asked_at = excluded.asked_at,
  asked_by = excluded.asked_by, who = excluded.who
