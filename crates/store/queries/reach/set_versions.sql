-- What set ?1 was, newest first, at most ?2: version, document, when, by whom.
SELECT version, document, at, by FROM set_version WHERE set_no = ?1 ORDER BY version DESC LIMIT (SELECT ?2)
