-- Events of member ?1, newest first, before instant ?2 and key ?3, at most ?4: key, kind, instant,
-- item, category, value, channel, session.
SELECT key, kind, occurred_at, item, category, value_minor, channel, session
FROM behaviour
WHERE member_no = ?1 AND (occurred_at, key) < (?2, ?3)
ORDER BY occurred_at DESC, key DESC LIMIT (SELECT ?4)
