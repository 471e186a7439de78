-- Keeps refusals of programme ?1 under their keys, unless a key is taken: ?2 [[idem, fingerprint,
-- id, body], …], ?3 now. Returns the ids of the kept.
INSERT INTO refusal (programme_no, idem, fingerprint, id, body, recorded_at)
SELECT ?1, wish.value ->> 0, wish.value ->> 1, wish.value ->> 2, wish.value ->> 3, ?3
FROM json_each(?2) AS wish
WHERE NOT EXISTS (SELECT 1 FROM entry WHERE programme_no = ?1 AND idem = wish.value ->> 0)
ON CONFLICT DO NOTHING
RETURNING id
