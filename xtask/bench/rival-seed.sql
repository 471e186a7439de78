-- Every member's first purchase, as the bench gives it to Accrue's members. psql sets :members. pgbench
-- draws members from 1, the load over HTTP from 0.
SELECT count(earn(number, 100000000, 'seed-' || number, 'seed-' || number)) FROM generate_series(0, :members) AS number;
VACUUM ANALYZE;
CHECKPOINT;
