-- Removes the account ?2 of programme ?1.
DELETE FROM channel_account WHERE programme_no = ?1 AND id = ?2 RETURNING no
