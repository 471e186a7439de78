-- Lets the programme with id ?1 belong to no group.
DELETE FROM programme_group WHERE programme_no = (SELECT no FROM programme WHERE id = ?1)
