-- The pass with hash ?1 (hexadecimal) writes at ?2. Its writes are counted from the first one, and anew ?3 ms after
-- that. Returns nothing where it has written ?4 times since.
UPDATE pass SET writes = CASE WHEN writes_from > ?2 - ?3 THEN writes + 1 ELSE 1 END,
  writes_from = CASE WHEN writes_from > ?2 - ?3 THEN writes_from ELSE ?2 END
WHERE hash = unhex(?1) AND (writes < ?4 OR writes_from <= ?2 - ?3) RETURNING writes
