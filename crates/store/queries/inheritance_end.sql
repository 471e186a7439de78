-- Programme ?1 (an id) follows no other any more.
DELETE FROM inheritance WHERE programme_no = (SELECT no FROM programme WHERE id = ?1)
