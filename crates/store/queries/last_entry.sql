-- The last entry of all programmes: number, hash.
SELECT no, hash FROM entry WHERE no = (SELECT max(no) FROM entry)
