-- Whether proof ?2 of programme ?1 was used, and whether one of the last 100 entries of member ?3 of
-- which it is known where they came from came from device ?4.
SELECT
  EXISTS (SELECT 1 FROM claim WHERE programme_no = ?1 AND kind = 'proof' AND name = ?2),
  EXISTS (SELECT 1 FROM (
    SELECT device FROM trace WHERE member_no = (SELECT no FROM member WHERE programme_no = ?1 AND id = ?3)
    ORDER BY entry_no DESC LIMIT 100) WHERE device = ?4)
