-- Which of the accounts ?1, a JSON list of numbers, are closed for good.
SELECT member_no FROM departed WHERE member_no IN (SELECT value FROM json_each(?1))
