-- What became of a wave, and of its account; columns of the view.
INSERT INTO wave_end VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING account_no
