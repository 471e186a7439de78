-- Forgets the removed set ?1, once nobody is in it.
DELETE FROM member_set WHERE no = ?1 AND is_removed = 1 AND NOT EXISTS (SELECT 1 FROM set_member WHERE set_no = ?1)
