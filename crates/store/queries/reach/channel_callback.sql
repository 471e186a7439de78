-- Gives the account ?2 of programme ?1 the address whose secret has the digest ?3, and is ?4, sealed.
UPDATE channel_account SET callback_digest = ?3, callback_secret = ?4 WHERE programme_no = ?1 AND id = ?2 RETURNING no
