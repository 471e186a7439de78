-- The member of programme ?1 whose coupon has code ?2.
SELECT m.id FROM coupon AS c JOIN member AS m ON m.no = c.member_no WHERE c.programme_no = ?1 AND c.code = ?2
