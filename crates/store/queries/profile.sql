-- The attributes of member ?2 in programme ?1.
SELECT f.attributes FROM member AS m JOIN profile AS f ON f.member_no = m.no WHERE m.programme_no = ?1 AND m.id = ?2
