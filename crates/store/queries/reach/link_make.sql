-- Makes links: ?1 [[programme_no, member_no, touch_no, channel, purpose, target, is_trap, made_at], …].
-- Those that are there already stay. Their numbers, with touch, channel, target and trap.
INSERT INTO link (programme_no, member_no, touch_no, channel, purpose, target, is_trap, made_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
FROM json_each(?1) WHERE true ORDER BY key
ON CONFLICT (programme_no, touch_no, channel, target, is_trap) DO UPDATE SET made_at = made_at
RETURNING no, touch_no, channel, target, is_trap
