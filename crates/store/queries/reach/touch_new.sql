-- What happened in programme ?1 and is to be asked for at ?3, at most ?2: number, member, how often it was
-- told.
SELECT no, member_no, told FROM touch_occasion WHERE programme_no = ?1 AND ask_at <= ?3 ORDER BY ask_at, no LIMIT (SELECT ?2)
