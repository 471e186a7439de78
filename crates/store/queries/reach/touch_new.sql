-- What happened in programme ?1 and was not asked for yet, at most ?2: number, member.
SELECT no, member_no FROM touch_occasion WHERE programme_no = ?1 AND is_new = 1 ORDER BY no LIMIT (SELECT ?2)
