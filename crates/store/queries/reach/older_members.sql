-- Of members of programme ?1 with the instants at which they joined, ?2 [[number, instant], …]: those
-- about whom somebody told something before. It was about another person with that number.
SELECT w.value ->> 0
FROM json_each(?2) AS w
WHERE EXISTS (SELECT 1 FROM contact AS c WHERE c.programme_no = ?1 AND c.member_no = w.value ->> 0 AND c.updated_at < w.value ->> 1)
  OR EXISTS (SELECT 1 FROM consent AS c WHERE c.programme_no = ?1 AND c.member_no = w.value ->> 0 AND c.recorded_at < w.value ->> 1)
  OR EXISTS (SELECT 1 FROM preference AS p WHERE p.programme_no = ?1 AND p.member_no = w.value ->> 0 AND p.updated_at < w.value ->> 1)
  OR EXISTS (SELECT 1 FROM set_member AS h WHERE h.programme_no = ?1 AND h.member_no = w.value ->> 0 AND h.since < w.value ->> 1)
