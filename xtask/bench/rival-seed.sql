-- Every member's first purchase, as the bench gives it to Accrue's members. psql sets :members.
SELECT count(earn(number, 100000000, 'seed-' || number, 'seed-' || number)) FROM generate_series(1, :members) AS number;
VACUUM ANALYZE;
CHECKPOINT;
