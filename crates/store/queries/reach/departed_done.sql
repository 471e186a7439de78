-- Nothing is left of the accounts ?1, a JSON list of numbers.
UPDATE departed SET is_done = 1
WHERE member_no IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (SELECT 1 FROM behaviour AS b WHERE b.member_no = departed.member_no)
