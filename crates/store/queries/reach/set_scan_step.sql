-- A walk goes on or ends; columns of the view. Returns nothing where another run was faster.
INSERT INTO set_scan_step VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING before
