-- How far entries are folded, and the writes so far.
SELECT position, round FROM fold WHERE no = 1
