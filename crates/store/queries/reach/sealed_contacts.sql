-- Addresses of members as they are stored, after ?1 [programme_no, member_no, channel], at most ?2.
SELECT programme_no, member_no, channel, address, NULL FROM contact
WHERE (programme_no, member_no, channel) > (?1 ->> 0, ?1 ->> 1, ?1 ->> 2) ORDER BY programme_no, member_no, channel LIMIT (SELECT ?2)
