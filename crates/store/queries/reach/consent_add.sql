-- Adds what members said: ?1 [[programme_no, member_no, purpose, channel, decision, at, source,
-- evidence, recorded_at, recorded_by, digest], …]. Returns what is new: member, purpose, channel,
-- decision, at, source, digest.
INSERT INTO consent (programme_no, member_no, purpose, channel, decision, at, source, evidence, recorded_at, recorded_by, digest)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9,
  value ->> 10
FROM json_each(?1) WHERE true ORDER BY key
ON CONFLICT (programme_no, member_no, purpose, channel, at, decision, source, digest) DO NOTHING
RETURNING member_no, purpose, channel, decision, at, source, digest
