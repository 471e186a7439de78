-- The id of the member of programme ?1 that is known there as ?2, which has ~ in front.
SELECT m.id FROM alias AS a JOIN member AS m ON m.no = a.member_no WHERE a.programme_no = ?1 AND a.alias = substr(?2, 2)
