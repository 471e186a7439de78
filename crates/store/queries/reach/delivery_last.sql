-- Of the last ?2 attempts of account ?1 with the settings of now that are settled, the last first: member,
-- state, why.
SELECT d.member_no, d.state, d.error FROM channel_account AS a CROSS JOIN touch_delivery AS d ON d.account_no = a.no
WHERE a.no = ?1 AND d.programme_no = a.programme_no AND d.no > a.changed_after AND d.state <> 'sending'
ORDER BY d.started_at DESC LIMIT (SELECT ?2)
