-- Accounts that departed and may have behaviour, at most 100.
SELECT member_no FROM departed WHERE is_done = 0 ORDER BY member_no LIMIT 100
