-- Lets the programme with id ?1 belong to group ?2.
INSERT INTO programme_group (programme_no, group_id) SELECT no, ?2 FROM programme WHERE id = ?1
ON CONFLICT (programme_no) DO UPDATE SET group_id = excluded.group_id WHERE group_id <> excluded.group_id
