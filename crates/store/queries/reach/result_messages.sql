-- Attempts to deliver to members of programme ?1, ?2 their numbers (a JSON list), that began from ?3 on
-- and before ?4: member, touch, channel, state, since when it has that, what it cost.
SELECT d.member_no, d.touch_no, d.channel, d.state, coalesce(d.settled_at, d.started_at), d.cost_minor
FROM json_each(?2) AS w CROSS JOIN touch_delivery AS d ON d.member_no = w.value
WHERE d.programme_no = ?1 AND d.started_at >= ?3 AND d.started_at < ?4
ORDER BY d.no
