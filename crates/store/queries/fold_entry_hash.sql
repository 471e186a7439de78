-- The hash of the entry with number ?1.
SELECT hash FROM entry WHERE no = ?1
