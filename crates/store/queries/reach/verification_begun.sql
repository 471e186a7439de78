-- Until when the code ?3 of member ?2 of programme ?1 counts.
SELECT until FROM verification WHERE programme_no = ?1 AND member_no = ?2 AND id = ?3
