-- What programme ?1 was answered under key ?2, which has the line of the API key in front.
SELECT fingerprint, status, body FROM receipt WHERE programme_no = ?1 AND idem = ?2
