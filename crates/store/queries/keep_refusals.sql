-- Keeps refusals of programme ?1 under their keys, unless a key is taken: ?2 [[key, fingerprint, id,
-- body], …], ?3 now. Returns the ids of the kept.
INSERT INTO answering (programme_no, name, fingerprint, what, id, body, recorded_at)
SELECT ?1, value ->> 0, value ->> 1, 'refusal', value ->> 2, value ->> 3, ?3 FROM json_each(?2)
RETURNING id
