-- A tag of programme ?1 whose members are still to be copied: number, the last one that was seen.
SELECT no, copy_after FROM member_set
WHERE programme_no = ?1 AND family = 'tag' AND is_removed = 0 AND copy_after IS NOT NULL
ORDER BY name LIMIT 1
