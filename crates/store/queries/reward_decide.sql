-- Puts change ?3 of reward ?2 of programme ?1 into the catalogue when ?4 is 1, or drops it, at ?5
-- by ?6, who ?7. Returns nothing when it does not wait.
INSERT INTO reward_decision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id
