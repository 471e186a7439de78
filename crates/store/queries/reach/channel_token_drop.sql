-- Forgets the token ?2 of account ?1: another one that came meanwhile stays.
DELETE FROM channel_token WHERE account_no = ?1 AND token = ?2
