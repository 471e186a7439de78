-- Seals rows of the log of programme ?1: ?2 [[row, hash], …].
INSERT INTO audit_seal (programme_no, no, hash) SELECT ?1, value ->> 0, unhex(value ->> 1) FROM json_each(?2) ORDER BY key
