-- The highest number of behaviour that there is or was heard.
SELECT max(coalesce((SELECT max(no) FROM behaviour), 0), coalesce((SELECT position FROM touch_cursor WHERE source = 'behaviour'), 0))
