-- What programme ?1 was answered under key ?2.
SELECT fingerprint, status, body FROM receipt WHERE programme_no = ?1 AND idem = ?2
