-- Of the last ?2 attempts of account ?1 that are settled, those with the settings of now, the last first:
-- member, state, why.
SELECT d.member_no, d.state, d.error FROM channel_account AS a CROSS JOIN (
  SELECT no, programme_no, member_no, state, error, started_at FROM touch_delivery
  WHERE account_no = ?1 AND state <> 'sending' ORDER BY started_at DESC LIMIT (SELECT ?2)) AS d
WHERE a.no = ?1 AND d.programme_no = a.programme_no AND d.no > a.changed_after
ORDER BY d.started_at DESC
