-- The next ?3 members of tag ?1 after ?2 are to be copied. Returns nothing where another run was faster.
INSERT INTO tag_walk_step VALUES (?1, ?2, ?3) RETURNING before
