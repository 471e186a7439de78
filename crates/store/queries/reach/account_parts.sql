-- Accounts that became part of the members ?1, a JSON list of numbers: the part, and the whole.
SELECT d.member_no, d.into_no FROM json_each(?1) AS w CROSS JOIN departed AS d ON d.into_no = w.value
