-- The change of reward ?2 of programme ?1 that waits.
SELECT id, document, asked_at, asked_by FROM reward_change WHERE programme_no = ?1 AND reward_id = ?2
