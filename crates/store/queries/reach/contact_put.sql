-- Keeps where member ?2 of programme ?1 is reached by channel ?3: sealed address ?4, digest ?5, state
-- ?6, when it was verified ?7 or null, now ?8, who ?9. The same address keeps its verification, and with
-- ?10 its state: an address that complained is not open again by being told once more.
INSERT INTO contact (programme_no, member_no, channel, address, digest, state, verified_at, updated_at, updated_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (programme_no, member_no, channel) DO UPDATE SET address = excluded.address, digest = excluded.digest,
  state = CASE WHEN ?10 AND excluded.digest = digest THEN state ELSE excluded.state END,
  verified_at = coalesce(excluded.verified_at, CASE WHEN excluded.digest = digest THEN verified_at END),
  updated_at = excluded.updated_at, updated_by = excluded.updated_by
RETURNING verified_at, state
