-- Programme ?1 (an id) could not follow: its version ?2 and the parent's ?3 make no such document,
-- for the reasons ?4. It is document ?5.
UPDATE inheritance SET failed_own = ?2, failed_parent = ?3, problems = ?4
WHERE programme_no = (SELECT no FROM programme WHERE id = ?1) AND kind = ?5
