-- A source was heard; columns of the view. Returns nothing where another run was faster.
INSERT INTO touch_heard VALUES (?1, ?2, ?3, ?4) RETURNING position
