-- The rare parts of the state of members: ?1 their numbers, a JSON list; only of those that have any.
SELECT m.no, m.state FROM json_each(?1) AS w CROSS JOIN member AS m ON m.no = w.value WHERE m.state IS NOT NULL
