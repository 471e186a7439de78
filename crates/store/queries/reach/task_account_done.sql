-- The account ?2 of programme ?1 sends again at ?3, or is gone, by ?4: nobody has to see to it.
UPDATE task SET state = 'done', closed_at = ?3, closed_by = ?4
WHERE account_no IN (SELECT no FROM channel_account WHERE programme_no = ?1 AND id = ?2) AND state = 'open' RETURNING no
