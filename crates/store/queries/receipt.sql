-- What programme ?1 was answered under key ?2, which has the line of the API key in front; or, by versions before, under the bare key ?3, when the request
-- is the one with fingerprint ?4.
SELECT fingerprint, status, body FROM receipt
WHERE programme_no = ?1 AND (idem = ?2 OR (idem = ?3 AND fingerprint = ?4))
ORDER BY idem = ?2 DESC LIMIT 1
