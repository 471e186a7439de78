-- Which members of programme ?1 have an address by channel ?2 whose digest is in ?3, a JSON list: up to ?6
-- after the digest ?4 and member ?5.
SELECT c.digest, c.member_no FROM json_each(?3) AS d
CROSS JOIN contact AS c ON c.programme_no = ?1 AND c.channel = ?2 AND c.digest = d.value
WHERE (c.digest, c.member_no) > (?4, ?5) ORDER BY c.digest, c.member_no LIMIT (SELECT ?6)
