-- pgbench: a member's balance.
\set member random_zipfian(1, :members, 1.001)
SELECT sequence, balance FROM member WHERE member_id = :member;
