-- Of whom reports speak: ?2 [[provider_id, touch_no], …] of account ?1. Place in the list, member and
-- digest of the address then.
SELECT r.key, d.member_no, d.digest FROM channel_account AS a CROSS JOIN json_each(?2) AS r
CROSS JOIN touch_delivery AS d ON d.account_no = a.no AND d.provider_id = r.value ->> 0
WHERE a.no = ?1 AND d.programme_no = a.programme_no
UNION
SELECT r.key, d.member_no, d.digest FROM channel_account AS a CROSS JOIN json_each(?2) AS r
CROSS JOIN touch_delivery AS d ON d.touch_no = r.value ->> 1 AND d.channel = a.channel
WHERE a.no = ?1 AND d.account_no = a.no AND d.programme_no = a.programme_no
