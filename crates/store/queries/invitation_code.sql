-- The sealed secret of one-time codes of the invitation with hash ?1 (hexadecimal): ?2 when it has none yet.
UPDATE invitation SET totp = coalesce(totp, ?2) WHERE hash = unhex(?1) RETURNING totp
