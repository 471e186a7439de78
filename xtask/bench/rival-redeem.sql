-- pgbench: a redemption of one point.
\set member random_zipfian(1, :members, 1.001)
\set order random(1, 9000000000000000000)
SELECT redeem(:member, 1, 'key-' || :order);
