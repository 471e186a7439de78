-- The sets that members of programme ?1 are in: ?2 their numbers, a JSON list. Member, set, until,
-- version.
SELECT h.member_no, h.set_no, h.until, h.version
FROM json_each(?2) AS w CROSS JOIN set_member AS h ON h.programme_no = ?1 AND h.member_no = w.value
