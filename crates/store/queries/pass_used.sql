-- The pass with hash ?1 (hexadecimal) goes on until ?2, or its end.
UPDATE pass SET expires_at = min(?2, until) WHERE hash = unhex(?1) RETURNING expires_at
