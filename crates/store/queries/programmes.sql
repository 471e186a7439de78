-- All programmes, for the jobs.
SELECT no, id, rulebook_version, rulebook_digest, spread FROM programme ORDER BY no
