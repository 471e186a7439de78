-- A walk begins, goes on or ends; columns of the view. Returns nothing where another run was faster.
INSERT INTO touch_run_step VALUES (?1, ?2, ?3, ?4) RETURNING day
