-- Which of the members with numbers ?1 (a JSON list) are closed.
SELECT m.no FROM json_each(?1) AS w CROSS JOIN member AS m ON m.no = w.value WHERE m.state ->> 'closed' IS NOT NULL
