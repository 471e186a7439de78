-- What became of a wave of events; columns of the view. Returns nothing when the lease is lost.
INSERT INTO delivery VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING endpoint_id
