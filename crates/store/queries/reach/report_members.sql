-- Of whom reports speak: ?2 [[provider_id, touch_no], …] of account ?1. Place in the list, member and
-- digest of the address then.
SELECT r.key, d.member_no, d.digest FROM json_each(?2) AS r
CROSS JOIN touch_delivery AS d ON d.account_no = ?1 AND d.provider_id = r.value ->> 0
UNION
SELECT r.key, d.member_no, d.digest FROM json_each(?2) AS r
CROSS JOIN touch_delivery AS d ON d.touch_no = r.value ->> 1 WHERE d.account_no = ?1
