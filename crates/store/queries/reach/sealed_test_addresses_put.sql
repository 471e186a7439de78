-- Puts addresses that were sealed anew (?1, see sealed.rs) in place of those that were read.
UPDATE test_address SET address = r.value ->> 5 FROM json_each(?1) AS r
WHERE test_address.programme_no = r.value ->> 0 AND test_address.id = r.value ->> 1 AND test_address.address = r.value ->> 3
RETURNING id
