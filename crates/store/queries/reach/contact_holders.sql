-- Which members of programme ?1 have an address by channel ?2 whose digest is in ?3, a JSON list.
SELECT c.digest, c.member_no FROM json_each(?3) AS d
CROSS JOIN contact AS c ON c.programme_no = ?1 AND c.channel = ?2 AND c.digest = d.value LIMIT 1000
