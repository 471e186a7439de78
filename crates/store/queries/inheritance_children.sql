-- How many programmes follow the programme ?1 (an id).
SELECT count(*) FROM inheritance WHERE parent_no = (SELECT no FROM programme WHERE id = ?1) AND kind = 'rulebook'
