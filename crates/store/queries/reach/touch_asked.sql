-- It was asked for: ?1 numbers, a JSON list.
UPDATE touch_occasion SET is_new = 0 FROM json_each(?1) AS w WHERE touch_occasion.no = w.value AND is_new = 1
