-- Ends the pass with hash ?1 (hexadecimal).
DELETE FROM pass WHERE hash = unhex(?1) RETURNING created_at
