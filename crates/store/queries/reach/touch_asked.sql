-- It was asked for: ?1 [[number, how often it was told, when it is to be asked for again or null], …].
UPDATE touch_occasion SET ask_at = w.value ->> 2 FROM json_each(?1) AS w
WHERE touch_occasion.no = w.value ->> 0 AND told = w.value ->> 1 AND ask_at IS NOT NULL
