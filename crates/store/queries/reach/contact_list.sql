-- Where member ?2 of programme ?1 is reached: channel, sealed address, state, when it was verified,
-- when it was changed and by whom.
SELECT channel, address, state, verified_at, updated_at, updated_by
FROM contact WHERE programme_no = ?1 AND member_no = ?2 ORDER BY channel
