-- Puts secrets in the addresses of reports that were sealed anew (?1, see sealed.rs) in place of those that were read.
UPDATE channel_account SET callback_secret = r.value ->> 5 FROM json_each(?1) AS r
WHERE channel_account.programme_no = r.value ->> 0 AND channel_account.id = r.value ->> 1
AND channel_account.callback_secret = r.value ->> 3
RETURNING no
