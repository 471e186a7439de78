-- Ends all passes of member ?2 of programme ?1.
DELETE FROM pass WHERE member_no = (SELECT no FROM member WHERE programme_no = ?1 AND id = ?2) RETURNING created_at
