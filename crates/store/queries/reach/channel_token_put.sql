-- Keeps the token ?2 of account ?1, sealed, until ?3; of an account that was removed, none.
INSERT INTO channel_token (account_no, token, until)
SELECT no, ?2, ?3 FROM channel_account WHERE no = ?1
ON CONFLICT (account_no) DO UPDATE SET token = excluded.token, until = excluded.until
