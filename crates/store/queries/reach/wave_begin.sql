-- Begins a wave; columns of the view. Returns nothing when the lease is lost, or the account was paused.
INSERT INTO wave_begin VALUES (?1, ?2, ?3, ?4, ?5) RETURNING account_no
