-- All programmes, for the jobs.
SELECT no, id, rulebook_version FROM programme ORDER BY no
