-- Up to ?2 test addresses after ?1 ([programme_no, id, …]), each with its channel.
SELECT programme_no, id, channel, address, NULL FROM test_address
WHERE (programme_no, id) > (?1 ->> 0, ?1 ->> 1) ORDER BY programme_no, id LIMIT (SELECT ?2)
