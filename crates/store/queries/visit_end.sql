-- The browser with the secret of hash ?1 (hexadecimal) is back at ?2: a visit ends once. Returns what it was for.
DELETE FROM visit WHERE hash = unhex(?1) AND is_ticket = 0 AND expires_at > ?2 RETURNING programme_no, lower(hex(invitation)), session
