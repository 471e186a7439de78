-- The tags of members that rules name, as told at ?2: ?1 [[member number, tags with commas between
-- or null], …]. What was told later stays, and closed accounts get none. One that lies an hour ahead
-- is of a clock that was set back. A member without any gets a row, too: its instant stops an older copy.
-- Returns the number of each member that was written.
INSERT INTO profile (member_no, attributes, updated_at, tags, tags_at)
SELECT m.no, '{}', ?2, w.value ->> 1, ?2
FROM json_each(?1) AS w CROSS JOIN member AS m ON m.no = w.value ->> 0 LEFT JOIN profile AS p ON p.member_no = m.no
WHERE m.state ->> 'closed' IS NULL AND (p.tags_at IS NULL OR p.tags_at <= ?2 OR p.tags_at > ?2 + 3600000)
ON CONFLICT (member_no) DO UPDATE SET tags = excluded.tags, tags_at = excluded.tags_at
RETURNING member_no
