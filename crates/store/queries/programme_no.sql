-- The number of the programme with id ?1.
SELECT no FROM programme WHERE id = ?1
