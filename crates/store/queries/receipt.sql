-- What programme ?1 was answered under key ?2, which has the line of the API key in front.
SELECT hex(c.fingerprint), a.status, a.body
FROM claim AS c JOIN answer AS a ON a.programme_no = c.programme_no AND a.name = c.name
WHERE c.programme_no = ?1 AND c.kind = 'key' AND c.name = ?2 AND a.what = 'receipt'
