-- The number of the last entry of all programmes.
SELECT coalesce(max(no), 0) FROM entry
