-- The tags of programme ?1 with these names (?2, a JSON list) are copied from now on, and no others.
-- Returns a row for each where that is new.
UPDATE member_set SET copied = 1 - copied, copy_after = 0
WHERE programme_no = ?1 AND family = 'tag' AND is_removed = 0 AND copied <> (name IN (SELECT value FROM json_each(?2)))
RETURNING no
