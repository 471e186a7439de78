-- Lots of no member, whatever the programme. At most 20. Reads every lot.
SELECT member_no, number, remaining
FROM lot
WHERE NOT EXISTS (SELECT 1 FROM member WHERE no = lot.member_no)
LIMIT 20
