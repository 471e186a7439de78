-- Writes a piece of the fold; columns of the view. Returns nothing where another run was faster.
INSERT INTO fold_step VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING round
