-- Entries of programme ?1, or of none, that belong to the history of no member: those of no member,
-- of another programme than their member, and those outside the sequence that the member has. At
-- most 20. Reads every entry.
SELECT e.id, e.member_no, e.sequence
FROM entry AS e LEFT JOIN member AS m ON m.no = e.member_no
WHERE (e.programme_no = ?1 OR m.programme_no = ?1 OR NOT EXISTS (SELECT 1 FROM programme AS p WHERE p.no = e.programme_no))
  AND (m.no IS NULL OR m.programme_no <> e.programme_no OR e.sequence NOT BETWEEN 1 AND m.sequence)
LIMIT 20
