-- A pass with hash ?3 (hexadecimal) for member ?2 of programme ?1 at ?4: until ?5 unless it is used, and ?6 at the latest.
-- ?7 is the member's last entry when it was looked at; ?8 the caller that makes it, ?9 its line of keys,
-- whether it may write ?10, and the digest of its device ?11 or null.
INSERT INTO pass (hash, programme_no, member_no, sequence, created_at, expires_at, until, made_by, lineage, may_write, device)
SELECT unhex(?3), programme_no, no, ?7, ?4, ?5, ?6, ?8, ?9, ?10, ?11 FROM member WHERE programme_no = ?1 AND id = ?2
RETURNING created_at
