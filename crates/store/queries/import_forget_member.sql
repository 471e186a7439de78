-- What staged files say of member ?2 of programme ?1, who was erased, goes.
UPDATE import_row INDEXED BY import_row_of_member SET outcome = 'member-erased', row = NULL
WHERE programme_no = ?1 AND member = ?2 AND outcome IS NULL
