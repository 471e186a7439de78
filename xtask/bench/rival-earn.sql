-- pgbench: a purchase. Its Zipf wants an exponent above 1, so 1.001 stands for 1.0.
\set member random_zipfian(1, :members, 1.001)
\set cents random(100, 20099)
\set order random(1, 9000000000000000000)
SELECT earn(:member, :cents, 'order-' || :order, 'key-' || :order);
