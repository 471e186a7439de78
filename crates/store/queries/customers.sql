-- What the ledger tells of members of programme ?2: ?1 their numbers, a JSON list. Number, id, first
-- entry, what the merchant told.
SELECT m.no, m.id, m.joined_at, p.attributes
FROM json_each(?1) AS w
CROSS JOIN member AS m ON m.no = w.value AND m.programme_no = ?2
LEFT JOIN profile AS p ON p.member_no = m.no
