-- Somebody is sent to a provider: ?1 hash of the browser's secret (hexadecimal), ?2 programme id or null, ?3 hash of the token of an invitation
-- (hexadecimal) or null, ?4 hash of a ticket (hexadecimal) or null, ?5 now, ?6 end, ?7 how many are under way at most with one invitation. Returns a
-- row where all that is named counts.
INSERT INTO visit_begin VALUES (unhex(?1), ?2, unhex(?3), unhex(?4), ?5, ?6, ?7) RETURNING 1
