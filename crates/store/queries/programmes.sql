-- All programmes, for the jobs.
SELECT no, id, rulebook_version, rulebook_digest FROM programme ORDER BY no
