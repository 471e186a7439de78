-- The pass with hash ?1 (hexadecimal) scans a receipt at ?2. Its scans are counted from the first one, and anew ?3 ms after
-- that. Returns nothing where it has scanned ?4 since.
UPDATE pass SET scans = CASE WHEN scans_from > ?2 - ?3 THEN scans + 1 ELSE 1 END,
  scans_from = CASE WHEN scans_from > ?2 - ?3 THEN scans_from ELSE ?2 END
WHERE hash = unhex(?1) AND (scans < ?4 OR scans_from <= ?2 - ?3) RETURNING scans
