-- How far programme ?1 is counted: days after, done through, the day under way, position, figures.
SELECT after_days, done_through, day, position, counts FROM touch_result_run WHERE programme_no = ?1
