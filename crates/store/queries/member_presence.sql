-- Whether proof ?2 of programme ?1 was used, but by the entry of the request with key ?5; and whether device
-- ?4 is one of member ?3, or of the pool ?6 that the member spends from: points left by one of the last 100
-- entries of which it is known where they came from, or it is older than ?7, and came from the device.
SELECT
  EXISTS (
    SELECT 1 FROM claim AS p WHERE p.programme_no = ?1 AND p.kind = 'proof' AND p.name = ?2 AND NOT EXISTS (
      SELECT 1 FROM claim AS k WHERE k.programme_no = ?1 AND k.kind = 'key' AND k.name = ?5 AND k.entry_no = p.entry_no)),
  EXISTS (SELECT 1 FROM member AS m WHERE m.programme_no = ?1 AND m.id IN (?3, ?6) AND EXISTS (
    SELECT 1 FROM (SELECT device, entry_no FROM trace WHERE member_no = m.no ORDER BY entry_no DESC LIMIT 100) AS t
    CROSS JOIN entry AS e ON e.no = t.entry_no
    WHERE t.device = ?4
      AND (e.recorded_at <= ?7 OR e.kind = 'hold' OR (e.points < 0 AND e.kind IN ('redeem', 'transfer', 'donate', 'exchange')))))
