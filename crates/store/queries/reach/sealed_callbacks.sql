-- Secrets in the addresses of reports, of up to ?2 accounts at vendors after ?1 ([programme_no, id, …]).
SELECT programme_no, id, '', callback_secret, NULL FROM channel_account
WHERE (programme_no, id) > (?1 ->> 0, ?1 ->> 1) ORDER BY programme_no, id LIMIT (SELECT ?2)
