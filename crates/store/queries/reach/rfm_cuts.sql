-- The newest cuts of programme ?1: version, day, cuts.
SELECT version, day, cuts FROM rfm_cuts WHERE programme_no = ?1 ORDER BY version DESC LIMIT 1
