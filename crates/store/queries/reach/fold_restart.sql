-- The ledger has another history than facts were made of; columns of the view. Returns nothing where
-- another run was faster.
INSERT INTO fold_restart VALUES (?1, ?2, ?3, ?4) RETURNING round
