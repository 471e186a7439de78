-- How far entries are folded, the writes so far, and the hash of the last entry that is folded.
SELECT position, round, hash FROM fold WHERE no = 1
