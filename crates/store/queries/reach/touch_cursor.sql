-- How far a source was heard: ?1.
SELECT position FROM touch_cursor WHERE source = ?1
