-- When the members of programme ?1 with the numbers ?2, a JSON list, joined: number, instant.
SELECT m.no, m.joined_at FROM json_each(?2) AS w CROSS JOIN member AS m ON m.no = w.value AND m.programme_no = ?1
