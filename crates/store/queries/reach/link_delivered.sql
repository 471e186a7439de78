-- The messages of touches were delivered: ?1 [[programme_no, touch_no, channel, at], …]. The first word
-- counts.
UPDATE link SET delivered_at = w.value ->> 3 FROM json_each(?1) AS w
WHERE link.programme_no = w.value ->> 0 AND link.touch_no = w.value ->> 1 AND link.channel = w.value ->> 2 AND link.delivered_at IS NULL
