-- Has set ?1 evaluated for all members as soon as may be.
UPDATE member_set SET evaluated_version = 0 WHERE no = ?1 AND is_removed = 0 RETURNING no
