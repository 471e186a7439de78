-- The number of the last attempt; 0 where there is none.
SELECT coalesce(max(no), 0) FROM touch_delivery
