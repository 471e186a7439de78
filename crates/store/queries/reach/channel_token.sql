-- The token of account ?1, sealed, while it counts at ?2.
SELECT token, until FROM channel_token WHERE account_no = ?1 AND until > ?2
