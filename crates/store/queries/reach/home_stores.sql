-- The home stores of members of programme ?1 with the numbers ?2, a JSON list, where they have one.
SELECT p.member_no, p.home_store
FROM json_each(?2) AS w CROSS JOIN preference AS p ON p.programme_no = ?1 AND p.member_no = w.value
WHERE p.home_store IS NOT NULL
